import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'retention' | 'results' | 'blobs' | 'clock'>;

/** Does a bounded part of a kind of sweeping. Returns how much that was: zero if none is left. */
export type Sweep = (signal: AbortSignal) => Promise<number>;

const HOUR_MS = 60 * 60_000;
const BATCH = 500;
/** All blobs of results lie in there. */
const FOLDER = 'results';

/** Everything that is swept, by its name, in the order in which it is. */
export function sweepsOf(needs: Needs): Readonly<Record<string, Sweep>> {
  const { retention } = needs;
  return {
    'expired results': () => retention.expireResults(),
    'results of deleted clones': () => retention.removeDoomedResults(),
    'unwanted blobs': () => removeUnwanted(needs),
    'unknown blobs': hourly(needs, 'unknown_blobs', (signal) => removeUnknown(needs, signal)),
    'request ids': hourly(needs, 'request_ids', (signal) => retention.forgetRequestIds(signal)),
    'deleted clones': () => retention.pruneClones(),
  };
}

/** Removes blobs that no result has any more, or has ever taken. */
async function removeUnwanted({ retention, results, blobs }: Needs): Promise<number> {
  const keys = await retention.unwantedBlobs();
  if (keys.length === 0) return 0;
  await blobs.remove(keys);
  await results.forget(keys);
  return keys.length;
}

/**
 * Removes blobs that nothing speaks of. There are none unless the store is older than the database,
 * or somebody put them there: rows come before blobs, and go after them.
 */
async function removeUnknown(
  { retention, blobs, clock }: Needs,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  let keys: string[] = [];
  const remove = async (): Promise<void> => {
    const unknown = await retention.unknownBlobs(keys);
    await blobs.remove(unknown);
    count += unknown.length;
    keys = [];
  };
  for await (const { key, modifiedAt } of blobs.list(FOLDER)) {
    if (signal.aborted) return count;
    if (clock.now().getTime() - modifiedAt.getTime() >= HOUR_MS) keys.push(key);
    if (keys.length === BATCH) await remove();
  }
  await remove();
  return count;
}

/** The same, but once in an hour, on one replica. */
function hourly({ retention }: Needs, name: string, sweep: Sweep): Sweep {
  return async (signal) => {
    if (await retention.takeTurn(name, HOUR_MS)) await sweep(signal);
    return 0;
  };
}
