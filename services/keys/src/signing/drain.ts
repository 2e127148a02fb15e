import type { Queries } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type { Clock } from '@ramet/service';
import { LOCK_CLASS } from './lane.js';

/** Longer than an answer stays in flight that its client does not take. */
const DRAIN_MS = 1_000;
const MAX_POLL_MS = 8;

const HOLDERS = `
  select pid::text || '/' || objid::text as holder
  from pg_locks
  where locktype = 'advisory' and classid = ${LOCK_CLASS} and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())`;

/** Makes sure that signing has ended, on every replica. */
export type Drain = () => Promise<void>;

/**
 * Makes the function that waits until every batch that is in flight has answered, anywhere.
 *
 * To be called after the change that ends signing was committed: batches that begin later see it.
 * Throws DRAIN_UNCONFIRMED if it takes too long: a replica may be frozen with answers in hand.
 */
export function createDrain(db: Queries, clock: Clock): Drain {
  return async () => {
    const until = clock.elapsed() + DRAIN_MS;
    let waitingFor: readonly string[] = await holders(db);
    for (let pollMs = 1; waitingFor.length > 0; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
      if (clock.elapsed() > until) throw drainUnconfirmed(waitingFor.length);
      await clock.sleep(pollMs);
      const left = new Set(await holders(db));
      waitingFor = waitingFor.filter((holder) => left.has(holder));
    }
  };
}

async function holders(db: Queries): Promise<readonly string[]> {
  const rows = await db.query<{ readonly holder: string }>(HOLDERS);
  return rows.map(({ holder }) => holder);
}

function drainUnconfirmed(batches: number): PublicError {
  const message = 'signing has ended, but not every replica has confirmed it: ask again';
  return new PublicError('unavailable', 'DRAIN_UNCONFIRMED', message, {
    metadata: { batches: String(batches) },
    retryAfterMs: 500,
  });
}
