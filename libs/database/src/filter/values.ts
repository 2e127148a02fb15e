import type { Field } from './fields.js';
import { quoted } from './fields.js';

/** A value that a field can be compared with, or what was expected instead. */
export type Read = { readonly value: string | number | boolean } | { readonly expected: string };

const NUMBER = /^-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?$/;
const DURATION = /^(-?\d{1,12}(?:\.\d{1,9})?)s$/;
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d{1,3}0{0,6})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Years 1 to 9999: what both the database and RFC 3339 know. */
const FIRST_TIME = -62_135_596_800_000;
const LAST_TIME = 253_402_300_799_999 - 1;

/** Reads what stands for a value of a field. */
export function readValue(field: Field, text: string): Read {
  switch (field.type) {
    case 'id':
    case 'text':
    case 'labels':
    case 'list':
      return { value: text };
    case 'enum': {
      const { long = '', values } = field;
      const short = text.startsWith(long) ? text.slice(long.length) : text;
      return values.includes(short) ? { value: short } : expected(values.join(', '), text);
    }
    case 'timestamp':
      return orExpected(readTime(text), 'a time such as 2026-01-31T09:30:00Z', text);
    case 'number':
      return orExpected(finite(NUMBER.test(text) ? Number(text) : Number.NaN), 'a number', text);
    case 'duration':
      return orExpected(
        finite(Number(DURATION.exec(text)?.[1] ?? Number.NaN)),
        'a number of seconds such as 90s',
        text,
      );
    case 'bool':
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return expected('true or false', text);
  }
}

function orExpected(value: string | number | undefined, what: string, text: string): Read {
  return value === undefined ? expected(what, text) : { value };
}

function expected(what: string, text: string): Read {
  return { expected: `expected ${what} instead of ${quoted(text)}` };
}

function finite(value: number): number | undefined {
  // There is one zero: -0 and 0 are written alike.
  return Number.isFinite(value) ? value + 0 : undefined;
}

/** A time of RFC 3339 with whole milliseconds. Days that a month does not have are refused. */
function readTime(text: string): string | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [, year = '', month = '', day = ''] = match;
  const daysIn = new Date(0);
  daysIn.setUTCFullYear(Number(year), Number(month), 0);
  const isDay = Number(day) >= 1 && Number(day) <= daysIn.getUTCDate();
  if (!isDay || Number(month) < 1 || Number(month) > 12) return undefined;
  const time = Date.parse(text.toUpperCase().replace(/(\.\d{3})0+/, '$1'));
  return time >= FIRST_TIME && time <= LAST_TIME ? new Date(time).toISOString() : undefined;
}
