import { detached } from './context.js';
import { type Clock, machineClock } from './ports.js';

/** A token, and how long it lasts. */
export interface Issued {
  readonly token: string;
  readonly expiresInMs: number;
}

/** How to come by a token. */
export interface TokenSourceOptions {
  /** Exchanges a credential for a token. Called again before the token ends. */
  readonly exchange: () => Promise<Issued>;
  readonly clock?: Clock;
}

/** A token is not used in the last part of its life: clocks differ and calls take time. */
const USABLE_SHARE = 0.8;

/**
 * Gives the caller's own token, exchanging its credential only when it has to.
 *
 * Callers that come while an exchange is under way share it. A failure is not kept: the next
 * caller tries again.
 */
export function createTokenSource(options: TokenSourceOptions): () => Promise<string> {
  const clock = options.clock ?? machineClock;
  let current: { readonly token: string; readonly usableUntil: number } | undefined;
  let pending: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const asked = clock.elapsed();
    const { token, expiresInMs } = await options.exchange();
    current = { token, usableUntil: asked + expiresInMs * USABLE_SHARE };
    return token;
  }

  return async () => {
    if (current && clock.elapsed() < current.usableUntil) return current.token;
    pending ??= detached(renew).finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
