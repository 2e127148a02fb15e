import { AsyncLocalStorage } from 'node:async_hooks';
import { PublicError } from '@ramet/errors';

export interface BatcherOptions<Item, Result> {
  /**
   * Does what all items ask for, in one statement where it can.
   *
   * Returns one result per item, in their order. A result that is an Error is thrown to the caller
   * of its item alone. If it throws, no item may have had its effect.
   */
  readonly run: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  /** Items per batch at most. */
  readonly max?: number;
  /** Batches that run at the same time. */
  readonly inFlight?: 1 | 2;
  /** Items that may wait; more are refused with DATABASE_UNAVAILABLE. */
  readonly maxWaiting?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (thrown: unknown) => void;
}

const MAX = 64;
/** A batch of fewer is not made smaller for others to have a share. */
const MIN_SHARE = 16;
const MAX_WAITING = 4_096;

/**
 * Makes a function that gathers the items of many callers into batches.
 *
 * While batches are in flight the next one gathers; there is no timer. When a batch fails, its
 * items are run one by one, so that one bad item fails alone; but when the database is away, all
 * of them fail at once.
 */
export function createBatcher<Item, Result>({
  run,
  max = MAX,
  inFlight = 1,
  maxWaiting = MAX_WAITING,
}: BatcherOptions<Item, Result>): (item: Item) => Promise<Result> {
  const queue: Waiting<Item, Result>[] = [];
  // A batch serves many callers: it must not run in the context of the one who happened to start it.
  const apart = AsyncLocalStorage.snapshot();
  let running = 0;

  function start(): void {
    if (running === inFlight || queue.length === 0) return;
    // Each takes a share only: if one took all, everybody would wait for it and come back at once.
    const share = Math.max(MIN_SHARE, Math.ceil(queue.length / inFlight));
    const batch = queue.splice(0, Math.min(max, share));
    running += 1;
    void apart(settle, run, batch).finally(() => {
      running -= 1;
      start();
    });
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      if (queue.length >= maxWaiting) {
        reject(overloaded());
        return;
      }
      queue.push({ item, resolve, reject });
      // Those who ask in the same turn of the event loop share the first batch.
      queueMicrotask(start);
    });
}

type Run<Item, Result> = BatcherOptions<Item, Result>['run'];

/** Runs a batch and answers each of its callers. Never rejects. */
async function settle<Item, Result>(
  run: Run<Item, Result>,
  batch: readonly Waiting<Item, Result>[],
): Promise<void> {
  try {
    const results = await run(batch.map(({ item }) => item));
    if (results.length !== batch.length) throw new Error('a batch must give a result per item');
    for (const [index, waiting] of batch.entries()) answer(waiting, results[index]);
  } catch (thrown) {
    if (batch.length > 1 && !isTransient(thrown)) {
      for (const waiting of batch) await settle(run, [waiting]);
    } else {
      for (const { reject } of batch) reject(thrown);
    }
  }
}

function answer<Item, Result>({ resolve, reject }: Waiting<Item, Result>, result: unknown): void {
  if (result instanceof Error) reject(result);
  else resolve(result as Result);
}

function isTransient(thrown: unknown): boolean {
  return thrown instanceof PublicError && thrown.code === 'unavailable';
}

function overloaded(): PublicError {
  return new PublicError('unavailable', 'DATABASE_UNAVAILABLE', 'too many requests are waiting', {
    retryAfterMs: 1_000,
  });
}
