import { setMaxListeners } from 'node:events';
import { backoff } from './backoff.js';

/** What a reconciler needs of the process's time. */
export interface Clock {
  /** Milliseconds that only ever grow. */
  elapsed(): number;
  /** Waits. Returns early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One step that was made, for whoever measures. */
export interface Pass<Item> {
  readonly name: string;
  readonly item: Item;
  readonly ms: number;
  /** What the step threw, if it did. */
  readonly error?: unknown;
}

export interface ReconcilerOptions<Item> {
  readonly name: string;
  /** Claims things that are due, `limit` at most, so that nobody else gets them for a while. */
  readonly claim: (limit: number) => Promise<readonly Item[]>;
  /**
   * Brings one thing one step closer to what it should be.
   *
   * Must be safe to repeat and must read everything it needs. It says by itself when the thing is
   * due next, also after a failure of its own; after what it throws, the claim's lease runs out.
   */
  readonly step: (item: Item, signal: AbortSignal) => Promise<void>;
  /** Gives back what was claimed and will not be worked on, as the reconciler is stopping. */
  readonly release?: (items: readonly Item[]) => Promise<void>;
  /** Told of what `step` threw, with its item, and of what `claim` or `release` threw, without. */
  readonly onError: (thrown: unknown, item?: Item) => void;
  readonly observe?: (pass: Pass<Item>) => void;
  /** Items per claim at most. */
  readonly batch?: number;
  /** Steps at the same time at most. */
  readonly concurrency?: number;
  /** How long to wait, when nothing was due, for a wake-up. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** A loop that claims what is due and makes one step for each. */
export interface Reconciler extends AsyncDisposable {
  /** Says that something may be due: the wait for the next claim is over. */
  wake(): void;
}

const BATCH = 64;
const CONCURRENCY = 16;

/**
 * Starts to reconcile. Disposing stops the claims, gives back what was not begun, and waits for the
 * steps that were.
 */
export function startReconciler<Item>(options: ReconcilerOptions<Item>): Reconciler {
  const stop = new AbortController();
  // Every call of every step listens to it: many are no leak.
  setMaxListeners(0, stop.signal);
  const wakes = createWakes(options.clock, stop.signal);
  const running = run(options, wakes, stop.signal);
  return {
    wake: wakes.wake,
    async [Symbol.asyncDispose]() {
      stop.abort();
      wakes.wake();
      await running;
    },
  };
}

async function run<Item>(
  options: ReconcilerOptions<Item>,
  wakes: Wakes,
  signal: AbortSignal,
): Promise<void> {
  const { batch = BATCH, idleMs } = options;
  const lanes = createLanes(options.concurrency ?? CONCURRENCY);
  let failures = 0;

  while (!signal.aborted) {
    const items = await claimed(options);
    failures = items ? 0 : failures + 1;
    const left = await dispatch(items ?? [], lanes, (item) => step(options, item, signal), signal);
    await release(options, left);
    if (!items) await wakes.pause(backoff(failures));
    else if (items.length < batch) await wakes.wait(idleMs);
  }
  await lanes.drain();
}

/** What is due, or undefined if that cannot be told. */
async function claimed<Item>({
  claim,
  batch = BATCH,
  onError,
}: ReconcilerOptions<Item>): Promise<readonly Item[] | undefined> {
  try {
    return await claim(batch);
  } catch (thrown) {
    onError(thrown);
    return undefined;
  }
}

/** Begins each item as soon as a lane is free. Returns those not begun because of a stop. */
async function dispatch<Item>(
  items: readonly Item[],
  lanes: Lanes,
  work: (item: Item) => Promise<void>,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  for (const [index, item] of items.entries()) {
    await lanes.free();
    if (signal.aborted) return items.slice(index);
    lanes.take(work(item));
  }
  return [];
}

async function step<Item>(
  { name, step: make, clock, onError, observe }: ReconcilerOptions<Item>,
  item: Item,
  signal: AbortSignal,
): Promise<void> {
  const start = clock.elapsed();
  try {
    await make(item, signal);
    observe?.({ name, item, ms: clock.elapsed() - start });
  } catch (thrown) {
    observe?.({ name, item, ms: clock.elapsed() - start, error: thrown });
    onError(thrown, item);
  }
}

async function release<Item>(
  options: ReconcilerOptions<Item>,
  items: readonly Item[],
): Promise<void> {
  if (items.length === 0) return;
  try {
    await options.release?.(items);
  } catch (thrown) {
    options.onError(thrown);
  }
}

/** Room for a number of steps at the same time. */
interface Lanes {
  /** Waits until one more may be taken. */
  free(): Promise<void>;
  take(work: Promise<void>): void;
  /** Waits until all are done. */
  drain(): Promise<void>;
}

function createLanes(count: number): Lanes {
  const taken = new Set<Promise<void>>();
  return {
    async free() {
      while (taken.size >= count) await Promise.race(taken);
    },
    take(work) {
      const done = work.finally(() => taken.delete(done));
      taken.add(done);
    },
    async drain() {
      await Promise.all(taken);
    },
  };
}

/** Waits that a wake-up cuts short. */
interface Wakes {
  wake(): void;
  /** Waits for a wake-up, for `ms` at most. One that came since the last wait counts. */
  wait(ms: number): Promise<void>;
  /** Waits for `ms`, whoever wakes, but for the stop. */
  pause(ms: number): Promise<void>;
}

function createWakes(clock: Clock, stop: AbortSignal): Wakes {
  let isWoken = false;
  let cut: (() => void) | undefined;
  return {
    wake() {
      isWoken = true;
      cut?.();
    },
    async wait(ms) {
      if (!isWoken && !stop.aborted) {
        const short = new AbortController();
        cut = () => short.abort();
        await clock.sleep(ms, short.signal);
        cut = undefined;
      }
      isWoken = false;
    },
    pause: (ms) => clock.sleep(ms, stop),
  };
}
