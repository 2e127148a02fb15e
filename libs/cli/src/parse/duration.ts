import { UsageError } from '../usage-error.js';

/** A span of time, as contracts carry it. */
export interface Span {
  readonly seconds: bigint;
  readonly nanos: number;
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
/** The most that a Duration can hold: ten thousand years. */
const MAX_MS = 315_576_000_000_000;

/** Whether a text is written like a duration. */
export function isDuration(text: string): boolean {
  return WHOLE.test(text);
}

/** Reads `90s`, `1h30m`, `500ms` or `2d` as milliseconds. Throws UsageError for anything else. */
export function parseMilliseconds(text: string): number {
  const ms = Math.round(
    [...(WHOLE.test(text) ? text.matchAll(PART) : [])].reduce((sum, [, count, unit]) => {
      return sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
    }, 0),
  );
  if (!WHOLE.test(text) || ms > MAX_MS) {
    throw new UsageError(`not a duration: '${text}' (write it like 90s, 1h30m, 500ms or 2d)`);
  }
  return ms;
}

/** Reads a duration the same way, as contracts carry it. */
export function parseDuration(text: string): Span {
  const ms = parseMilliseconds(text);
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}
