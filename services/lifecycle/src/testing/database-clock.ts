import { openDatabase } from '@ramet/database';
import type { House } from './house.js';
import { reasonOf, until } from './steps.js';

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
      await untilThere(house);
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

/** Waits until a service that was started again can be reached. */
export async function untilThere(house: House): Promise<void> {
  const api = house.as((await house.teams.admin()).token);
  const look = () => reasonOf(api.admin.checkQuotas({}));
  await until(async () => (await look()) === 'ok');
}
