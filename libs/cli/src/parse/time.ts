import type { Clock } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import { isDuration, parseMilliseconds } from './duration.js';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Whether a text is written like a time, and not like a duration. */
function isTime(text: string): boolean {
  return RFC3339.test(text);
}

/** Reads a moment: RFC 3339, or a duration from this one on such as `30d`. */
export function parseMoment(text: string, clock: Clock): Date {
  const { moment, ms } = readTime(text, 'a duration from now such as 30d');
  return moment ?? new Date(clock.now().getTime() + ms);
}

/** A time, or the length of a duration. Throws UsageError, saying how both are written, if it is neither. */
export function readTime(
  text: string,
  durations: string,
):
  | { readonly moment: Date; readonly ms?: never }
  | { readonly moment?: never; readonly ms: number } {
  const moment = isTime(text) ? new Date(text) : undefined;
  if (moment && !Number.isNaN(moment.getTime())) return { moment };
  if (!moment && isDuration(text)) return { ms: parseMilliseconds(text) };
  throw new UsageError(
    `not a time: '${text}' (write it like 2030-01-31T00:00:00Z, or ${durations})`,
  );
}
