const FIRST_MS = 500;
const MAX_MS = 60_000;

/**
 * How long to leave a thing alone after `attempt` failures in a row: 0.5 s, 1 s, 2 s ... 60 s.
 *
 * Without jitter: each row fails at a time of its own.
 */
export function backoff(attempt: number): number {
  return Math.min(FIRST_MS * 2 ** Math.max(attempt - 1, 0), MAX_MS);
}
