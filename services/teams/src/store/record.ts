import { appendHistory, type Head, nextLink, type Tx } from '@ramet/database';
import type { Event } from '../events.js';

/** Who did it, and why if it was for a reason of their own. */
export interface By {
  readonly actor: string;
  readonly cause?: string;
}

/** The columns of an aggregate's row that hold the end of its chain. */
export interface Chained {
  readonly seq: number;
  readonly hash: Buffer;
}

/**
 * Records an event in the transaction that caused it, under the aggregate's row lock.
 *
 * Returns what belongs on the aggregate's row.
 */
export async function record(tx: Tx, prev: Head, event: Event, by: By): Promise<Chained> {
  const next = nextLink(prev, event.aggregate, event.payload);
  await appendHistory(tx, [{ ...event, ...by, prev, next }]);
  return next;
}
