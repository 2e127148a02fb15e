/** How many tokens a bucket gets each second, and how many it holds at most. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What became of a bucket that tokens were asked of. */
export interface Taken {
  /** When the bucket will be full again. All there is to know of a bucket. */
  readonly fullAtMs: number;
  /** How long it takes until there are enough tokens. 0 if there were: they are taken then. */
  readonly waitMs: number;
}

/** What sums of fractions may be off by, in milliseconds. */
const ROUNDING_MS = 1e-6;

/**
 * Takes tokens out of a bucket, if it has enough of them.
 *
 * What costs more than a full bucket holds takes a full one: it would never be let in otherwise.
 * The wait is in whole milliseconds, rounded up. Times are of a clock that never goes back.
 */
export function take(
  { perSecond, burst }: Rate,
  fullAtMs: number,
  { cost, nowMs }: { readonly cost: number; readonly nowMs: number },
): Taken {
  const msPerToken = 1_000 / perSecond;
  const afterMs = Math.max(fullAtMs, nowMs) + Math.min(cost, burst) * msPerToken;
  const waitMs = afterMs - nowMs - burst * msPerToken;
  if (waitMs <= ROUNDING_MS) return { fullAtMs: afterMs, waitMs: 0 };
  return { fullAtMs, waitMs: Math.ceil(waitMs - ROUNDING_MS) };
}
