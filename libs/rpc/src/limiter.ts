import { PublicError } from '@ramet/errors';
import type { Clock } from './ports.js';
import { type Rate, take } from './token-bucket.js';

/** What to hold somebody to, and how many to keep in mind. */
export interface LimiterOptions {
  readonly rate: Rate;
  readonly clock: Pick<Clock, 'elapsed'>;
  /** How many buckets are kept that are not full. Who comes on top shares one. */
  readonly maxKeys?: number;
}

/** A charge that was not let in. */
export interface Refusal {
  readonly waitMs: number;
  /** Whether to tell the log: not for everything that comes in a flood. */
  readonly isNews: boolean;
}

interface Bucket {
  fullAtMs: number;
  toldAtMs: number;
}

const MAX_KEYS = 10_000;
const SWEEP_MS = 1_000;
const TELL_MS = 60_000;

/**
 * Holds each of many to a rate: a token bucket per key, in bounded memory.
 *
 * Only full buckets are forgotten, which changes nothing for whom they are. While there is no room,
 * new keys share one bucket: who makes up keys gains no more tokens by it. Buckets are this
 * process's own.
 */
export class Limiter {
  readonly #rate: Rate;
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #shared = newBucket();
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor({ rate, clock, maxKeys = MAX_KEYS }: LimiterOptions) {
    this.#rate = { ...rate, burst: Math.max(rate.burst, 1) };
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  /** How many buckets are kept. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Charges a key, or throws RATE_LIMITED and charges nothing. */
  charge(key: string, cost = 1): void {
    const refusal = this.tryCharge(key, cost);
    if (refusal) throw this.refused(key, refusal);
  }

  /** Charges a key. Answers with a refusal, and charges nothing, if it has too few tokens. */
  tryCharge(key: string, cost: number): Refusal | undefined {
    const nowMs = this.#clock.elapsed();
    const bucket = this.#bucketOf(key, nowMs);
    const { fullAtMs, waitMs } = take(this.#rate, bucket.fullAtMs, { cost, nowMs });
    bucket.fullAtMs = fullAtMs;
    if (waitMs === 0) return undefined;

    const isNews = nowMs - bucket.toldAtMs >= TELL_MS;
    if (isNews) bucket.toldAtMs = nowMs;
    return { waitMs, isNews };
  }

  /** The error for who was refused. */
  refused(key: string, { waitMs }: Refusal): PublicError {
    const { perSecond, burst } = this.#rate;
    const description = `at most ${perSecond} a second, and ${burst} at once`;
    return new PublicError('resource_exhausted', 'RATE_LIMITED', `too many calls: ${description}`, {
      metadata: { limit: String(perSecond), per: 'second', caller: key },
      quotas: [{ subject: key, description }],
      retryAfterMs: waitMs,
    });
  }

  #bucketOf(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    if (known) return known;
    if (this.#buckets.size >= this.#maxKeys) this.#sweep(nowMs);
    if (this.#buckets.size >= this.#maxKeys) return this.#shared;

    const bucket = newBucket();
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Forgets the buckets that are full. Not at every call: that would be work for a flood to make. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = nowMs;
    for (const [key, { fullAtMs }] of this.#buckets) {
      if (fullAtMs <= nowMs) this.#buckets.delete(key);
    }
  }
}

function newBucket(): Bucket {
  return { fullAtMs: Number.NEGATIVE_INFINITY, toldAtMs: Number.NEGATIVE_INFINITY };
}
