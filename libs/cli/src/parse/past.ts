import type { Moment } from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import { readTime } from './time.js';
import { parseWhole } from './whole.js';

const MOST_SEQ = 4_294_967_295;
const POSITION = /^\d{1,18}$/;
const KINDS = /^(seq|position):(.*)$/;

/** Reads a time that has been: RFC 3339, or how long ago it was, such as `2h`. */
export function parsePast(text: string, clock: Clock): Date {
  const { moment, ms } = readTime(text, 'how long ago, such as 2h');
  return moment ?? new Date(clock.now().getTime() - ms);
}

/** Reads a moment in a history: `seq:N`, `position:N`, or a time that has been. */
export function parseHistoryMoment(text: string, clock: Clock): Moment {
  const [, kind, number = ''] = KINDS.exec(text) ?? [];
  if (kind === 'seq') return { moment: { $case: 'seq', value: parseWhole(number, 1, MOST_SEQ) } };
  if (kind === undefined) return { moment: { $case: 'time', value: parsePast(text, clock) } };
  if (!POSITION.test(number)) throw new UsageError(`not a position: '${number}'`);
  return { moment: { $case: 'position', value: BigInt(number) } };
}
