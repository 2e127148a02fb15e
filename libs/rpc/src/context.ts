import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  createContextKey,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import type { Call } from './call.js';

/** The call that is being served, as far as calls made meanwhile need to know. */
export interface Serving extends Call {
  /** Whether the answer has gone out. What runs on after that is on its own. */
  readonly ended: boolean;
  /** Whether the call ends by itself at its deadline. */
  readonly hasDeadline: boolean;
}

/**
 * The call lies in the context of OpenTelemetry: each AsyncLocalStorage in use makes every
 * promise of the process dearer, and one is there for the spans anyway.
 */
const CALL = createContextKey('ramet.call');

/** Runs a handler, so that the calls it makes know which call they are part of. */
export function runServing<Result>(
  call: Serving,
  outer: Context | undefined,
  handle: () => Result,
): Result {
  return context.with((outer ?? ROOT_CONTEXT).setValue(CALL, call), handle);
}

/** Runs what serves others too, and is not to end with the call that happened to start it. */
export function detached<Result>(run: () => Result): Result {
  return context.with(context.active().deleteValue(CALL), run);
}

/** The call that is being served here, or undefined in the background. */
export function currentServing(): Serving | undefined {
  const call = context.active().getValue(CALL) as Serving | undefined;
  return call?.ended ? undefined : call;
}

/** The correlation id of the call that is being served here, for whoever records it. */
export function currentCorrelationId(): string | undefined {
  return currentServing()?.correlationId;
}

/** Sees to it that contexts are kept. Changes nothing if telemetry has done so. */
export function keepContexts(): void {
  context.setGlobalContextManager(new LocalContexts());
}

/** Keeps contexts where telemetry was not started: in tests and small tools. */
class LocalContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with: ContextManager['with'] = (inner, run, self, ...args) =>
    this.#storage.run(inner, () => run.apply(self as never, args));

  bind: ContextManager['bind'] = (_inner, target) => target;

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
