import { setTimeout as delay } from 'node:timers/promises';
import {
  type CloneServiceService,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Remote, RemoteError } from '@ramet/rpc';
import { WatchVerifier } from './watch-verifier.js';

/** The part of the clone service that a watch needs. */
type Client = Pick<Remote<typeof CloneServiceService>, 'watchClones'>;

/** One thing that a watch tells, by its `$case`. */
export type WatchEvent =
  | (NonNullable<WatchClonesResponse['event']> & {
      /** Where to go on after this. Empty only while the first snapshot is not complete. */
      readonly cursor: Buffer;
    })
  | {
      /** That one could not go on: what follows is how things are. Forget what was told before. */
      readonly $case: 'relisted';
      readonly cursor: Buffer;
    };

/** How a watch behaves. */
export interface WatchOptions {
  readonly signal?: AbortSignal;
  /** Told before the watch goes on after its service was away, or had cut it for being slow. */
  readonly onAway?: (error: RemoteError) => void;
  /** Whether to wait for a service that has never answered. Otherwise that is thrown at once. */
  readonly isPatient?: boolean;
  /** Waits; returns early when the signal aborts. Tests bring their own. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** A number from 0 to 1, for jitter. */
  readonly random?: () => number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const NONE = Buffer.alloc(0);

/**
 * Watches clones for as long as it is iterated: over breaks of the connection, and with proof.
 *
 * Everything is verified before it is told. Throws WatchIntegrityError if something was missed, came
 * twice or in another order; RemoteError for what the service refuses; what is away is waited for, a
 * little longer each time. Ends without an error when the signal aborts.
 */
export async function* watchClones(
  client: Client,
  request: Partial<WatchClonesRequest>,
  options: WatchOptions = {},
): AsyncGenerator<WatchEvent, void, void> {
  const { signal } = options;
  const watch = new Watch(request, options);
  while (!signal?.aborted) {
    try {
      yield* watch.stream(client);
    } catch (thrown) {
      if (signal?.aborted) return;
      if (!watch.isPruned(thrown)) await watch.pause(thrown);
      if (!watch.goesOn()) yield { $case: 'relisted', cursor: NONE };
    }
  }
}

/** Where one watch is: over all of its streams. */
class Watch {
  readonly #wish: Partial<WatchClonesRequest>;
  readonly #options: WatchOptions;
  readonly #verifier = new WatchVerifier();
  #cursor: Buffer;
  #hasAnswered: boolean;
  /** Whether anything was told that the next stream would have to go on from. */
  #hasTold = false;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(wish: Partial<WatchClonesRequest>, options: WatchOptions) {
    this.#wish = wish;
    this.#options = options;
    this.#cursor = wish.cursor ?? NONE;
    this.#hasAnswered = options.isPatient ?? false;
  }

  /** One stream, verified. Throws how it ended: it has no end of its own. */
  async *stream(client: Client): AsyncGenerator<WatchEvent, void, void> {
    const { signal } = this.#options;
    const request = WatchClonesRequest.fromPartial({ ...this.#wish, cursor: this.#cursor });
    for await (const response of client.watchClones(request, signal ? { signal } : {})) {
      const event = this.#take(response);
      if (event) yield event;
    }
    throw new RemoteError('UNAVAILABLE', 'the watch has ended');
  }

  /** Verifies what came. Throws WatchIntegrityError. */
  #take({ event, cursor }: WatchClonesResponse): WatchEvent | undefined {
    this.#hasAnswered = true;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#verifier.take({ event });
    if (cursor.length > 0) this.#cursor = cursor;
    this.#hasTold = true;
    return event && { ...event, cursor: this.#cursor };
  }

  /** Whether one cannot go on from the cursor: then it is forgotten. */
  isPruned(thrown: unknown): boolean {
    const isPruned = thrown instanceof RemoteError && thrown.reason === 'CURSOR_PRUNED';
    if (!isPruned || this.#cursor.length === 0) return false;
    this.#cursor = NONE;
    this.#hasTold = true;
    return true;
  }

  /** Makes ready for the next stream. Tells whether that goes on, or begins with how things are. */
  goesOn(): boolean {
    if (this.#cursor.length > 0 || !this.#hasTold) {
      this.#verifier.resume();
      return true;
    }
    this.#hasTold = false;
    this.#verifier.restart();
    return false;
  }

  /** Waits before the next stream. Throws what waiting does not help against. */
  async pause(thrown: unknown): Promise<void> {
    const { signal, onAway, sleep = pauseFor, random = Math.random } = this.#options;
    if (!isPassing(thrown) || !this.#hasAnswered) throw thrown;
    onAway?.(thrown);
    // Between half of it and all of it, so that not all come back at once.
    const ms = this.#pauseMs * (0.5 + random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    await sleep(ms, signal);
  }
}

/** Whether trying again is right: the service is away, or had cut a watch that was not read. */
function isPassing(thrown: unknown): thrown is RemoteError {
  if (!(thrown instanceof RemoteError)) return false;
  return thrown.code === 'UNAVAILABLE' || thrown.reason === 'WATCH_TOO_SLOW';
}

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal && { signal }).catch(() => undefined);
}
