import type { Limits } from './endpoint.js';

/** What a call says of its time. */
interface Asked {
  /** The client's deadline, or infinity. */
  readonly given: number;
  readonly now: number;
  /** Whether it streams. */
  readonly streams: boolean;
}

/** How long a call may take. */
interface Time {
  /** When it ends at the latest, or infinity. */
  readonly deadlineMs: number;
  /** After what time it has to be ended, unless grpc-js does that: it watches over the client's own. */
  readonly endInMs?: number;
}

/**
 * The time of a call: the client's deadline, the server's default, or the server's maximum.
 *
 * A stream has none but the client's once its handler runs; what comes before is held to the default.
 */
export function timeOf(
  { given, now, streams }: Asked,
  limits: Pick<Limits, 'defaultDeadlineMs' | 'maxDeadlineMs'>,
): Time {
  const isGiven = given !== Number.POSITIVE_INFINITY;
  const left = isGiven ? given - now : limits.defaultDeadlineMs;
  if (isGiven && (streams || left <= limits.maxDeadlineMs)) return { deadlineMs: given };

  const endInMs = Math.min(left, limits.maxDeadlineMs);
  return { deadlineMs: streams ? given : now + endInMs, endInMs };
}
