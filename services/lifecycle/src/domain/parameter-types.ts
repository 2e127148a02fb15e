import type { ParameterSpec } from './spec.js';
import { isPlainText, lengthOf } from './text.js';

/** How many values of an enumeration an error lists. */
const SHOWN = 10;

/**
 * What a value has to be that it is not, in words such as `must be a whole number`. Undefined: it is
 * all right.
 */
export function faultOf(spec: ParameterSpec, value: string): string | undefined {
  if (!isPlainText(value)) return 'must be text without NUL';
  switch (spec.type) {
    case 'TEXT':
      return rangeFault(spec, lengthOf(value), ' characters');
    case 'INTEGER':
      if (!/^-?\d+$/.test(value)) return 'must be a whole number';
      return rangeFault(spec, BigInt(value), '');
    case 'NUMBER':
      if (!isNumber(value)) return 'must be a number';
      return rangeFault(spec, Number(value), '');
    case 'BOOLEAN':
      return value === 'true' || value === 'false' ? undefined : 'must be true or false';
    case 'ENUMERATION':
      return spec.values.includes(value) ? undefined : `must be one of ${shown(spec.values)}`;
    case 'URL':
      return isUrl(value) ? undefined : 'must be an http or https address without credentials';
    case 'TIME':
      return isTime(value) ? undefined : 'must be a time, such as 2026-01-02T12:00:00Z';
  }
}

/** Tells whether the least and the most mean anything for a type. */
export function isMeasured({ type }: ParameterSpec): boolean {
  return type === 'TEXT' || type === 'INTEGER' || type === 'NUMBER';
}

function rangeFault(
  { min, max }: ParameterSpec,
  measure: number | bigint,
  unit: string,
): string | undefined {
  if (min !== undefined && measure < min) return `must be at least ${min}${unit}`;
  if (max !== undefined && measure > max) return `must be at most ${max}${unit}`;
  return undefined;
}

function isNumber(value: string): boolean {
  return /^-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$/.test(value) && Number.isFinite(Number(value));
}

/** Tells whether a text is an http or https address that carries no name or password. */
export function isUrl(value: string): boolean {
  if (!/^https?:\/\/[!-~]+$/.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** Tells whether a text is a moment as in RFC 3339, of a day that there is. */
function isTime(value: string): boolean {
  const parts = TIME.exec(value)?.groups;
  if (!parts) return false;
  const { year, month, day, hour, minute, second, offset } = parts;
  // Months repeat every 400 years; `Date` takes years below 100 for those of the last century.
  const lastDay = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  return (
    isWithin(month, 1, 12) &&
    isWithin(day, 1, lastDay) &&
    isWithin(hour, 0, 23) &&
    isWithin(minute, 0, 59) &&
    isWithin(second, 0, 59) &&
    (offset === undefined ||
      (isWithin(offset.slice(0, 2), 0, 23) && isWithin(offset.slice(3), 0, 59)))
  );
}

const TIME =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[Tt](?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(\.\d+)?([Zz]|[+-](?<offset>\d\d:\d\d))$/;

function isWithin(digits: string | undefined, least: number, most: number): boolean {
  const value = Number(digits);
  return value >= least && value <= most;
}

function shown(values: readonly string[]): string {
  const rest = values.length > SHOWN ? `, or ${values.length - SHOWN} more` : '';
  return `${values.slice(0, SHOWN).join(', ')}${rest}`;
}
