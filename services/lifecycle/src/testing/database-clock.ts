import { openDatabase } from '@ramet/database';
import type { House } from './house.js';

/** The clock of a house's database, as every session sees it that starts from then on. */
export interface DatabaseClock {
  /** Has lifecycle go on at a later time: it is started again, so that all its sessions are new. */
  moveOn(ms: number): Promise<void>;
}

/** Takes hold of the clock of a house's database. It only ever moves on. */
export function databaseClock(house: House): DatabaseClock {
  let offsetMs = 0;
  return {
    async moveOn(ms) {
      offsetMs += ms;
      await setOffset(house.databaseUrl, offsetMs);
      await house.restart();
    },
  };
}

async function setOffset(url: string, offsetMs: number): Promise<void> {
  await using db = await openDatabase({
    url,
    schema: 'lifecycle',
    application: 'clock',
    poolSize: 1,
  });
  const [row] = await db.query<{ sql: string }>(
    `select format('alter database %I set ramet.clock_offset = %L', current_database(),
                   $1 * interval '1 millisecond') as sql`,
    [offsetMs],
  );
  await db.query(row?.sql ?? '');
}
