import { AsyncLocalStorage } from 'node:async_hooks';
import type { Call } from './call.js';

/** The call that is being served, as far as calls made meanwhile need to know. */
export interface Serving extends Call {
  /** Whether the answer has gone out. What runs on after that is on its own. */
  readonly ended: boolean;
  /** Whether the call ends by itself at its deadline. */
  readonly hasDeadline: boolean;
}

const storage = new AsyncLocalStorage<Serving | undefined>();

/** Runs a handler, so that the calls it makes know which call they are part of. */
export function runServing<Result>(call: Serving, handle: () => Result): Result {
  return storage.run(call, handle);
}

/** Runs what serves others too, and is not to end with the call that happened to start it. */
export function detached<Result>(run: () => Result): Result {
  return storage.run(undefined, run);
}

/** The call that is being served here, or undefined in the background. */
export function currentServing(): Serving | undefined {
  const call = storage.getStore();
  return call?.ended ? undefined : call;
}

/** The correlation id of the call that is being served here, for whoever records it. */
export function currentCorrelationId(): string | undefined {
  return currentServing()?.correlationId;
}
