import type { WatchRevocationsRequest, WatchRevocationsResponse } from '@ramet/proto-gen/teams.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'revocations' | 'clock'>;
type WatchRevocations = Streaming<WatchRevocationsRequest, WatchRevocationsResponse>;

const NANOS_PER_MS = 1e6;

/** Tells what was revoked, and when it was looked, counted from when the stream was opened. */
export function watchRevocations({ revocations, clock }: Needs): WatchRevocations {
  return async function* (_, { signal }) {
    const openedAt = clock.elapsed();
    for await (const { rows, seq, lookedAt } of revocations.follow(signal)) {
      yield {
        revocations: rows.map(({ subject, minVersion }) => ({ subject, minVersion })),
        seq,
        lookedAfter: lookedAt === undefined ? undefined : durationOf(lookedAt - openedAt),
      };
    }
  };
}

/** Seconds and nanoseconds have the same sign: it may have been looked before. */
function durationOf(ms: number) {
  const seconds = Math.trunc(ms / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.trunc((ms - seconds * 1_000) * NANOS_PER_MS) };
}
