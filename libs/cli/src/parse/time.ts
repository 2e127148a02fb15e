import type { Clock } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import { parseMilliseconds } from './duration.js';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Whether a text is written like a time, and not like a duration. */
export function isTime(text: string): boolean {
  return RFC3339.test(text);
}

/** Reads a moment: RFC 3339, or a duration from this one on such as `30d`. */
export function parseMoment(text: string, clock: Clock): Date {
  const moment = isTime(text)
    ? new Date(text)
    : new Date(clock.now().getTime() + parseMilliseconds(text));
  if (Number.isNaN(moment.getTime())) throw new UsageError(`not a time: '${text}'`);
  return moment;
}
