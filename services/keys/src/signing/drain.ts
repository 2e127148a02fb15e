import type { Queries } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import { type Reconciler, startReconciler } from '@ramet/reconcile';
import type { Clock } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import { ANSWER_LIMIT_MS } from './lane.js';

/** Longer than an answer stays in flight that its client does not take. */
const DRAIN_MS = 1_000;
const MAX_POLL_MS = 8;
/** How long after a lane was lost an answer may still go out. */
const GRACE_MS = ANSWER_LIMIT_MS + 1_000;
const LOOK_MS = 2_000;

const IN_FLIGHT = `select holder from in_flight(interval '${GRACE_MS} ms') as holder`;

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
      const begun = new Set(waitingFor);
      waitingFor = (await holders(db)).filter((each) => begun.has(each) || isLane(each));
    }
  };
}

/**
 * Starts to look for lanes that were lost with their process, so that what they may have had in flight
 * is over before anybody asks.
 */
export function watchLanes(
  db: Queries,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Reconciler {
  return startReconciler({
    name: 'lanes',
    async claim() {
      await holders(db);
      return [];
    },
    step: async () => undefined,
    onError: (thrown) => logger.warn('nobody looks for lost lanes', { error: thrown }),
    ...{ idleMs: LOOK_MS, clock },
  });
}

/** What batches of a lane that was lost have in flight nobody can tell. */
function isLane(holder: string): boolean {
  return holder.startsWith('lane/');
}

async function holders(db: Queries): Promise<readonly string[]> {
  const rows = await db.query<{ readonly holder: string }>(IN_FLIGHT);
  return rows.map(({ holder }) => holder);
}

function drainUnconfirmed(batches: number): PublicError {
  const message = 'signing has ended, but not every replica has confirmed it: ask again';
  return new PublicError('unavailable', 'DRAIN_UNCONFIRMED', message, {
    metadata: { batches: String(batches) },
    retryAfterMs: 500,
  });
}
