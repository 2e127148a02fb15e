import { invalid } from '@ramet/errors';
import type { Fragment } from './compile.js';
import { type Field, type Fields, quoted, unknownField } from './fields.js';

/** What a list is ordered by: what the caller wants, then the id, so that no two are alike. */
export interface Order {
  readonly keys: readonly OrderKey[];
}

export interface OrderKey {
  readonly name: string;
  readonly field: Field;
  readonly isDescending: boolean;
}

/** The key of a row in an order, as text. What is absent is null. */
export type RowKey = readonly (string | null)[];

const MAX_LENGTH = 200;
const MAX_KEYS = 4;
const TERM = /^([A-Za-z_][A-Za-z0-9_]*)(?:[ \t]+(asc|desc))?$/;

/**
 * Understands an order, such as `create_time desc, name`. Empty means newest first.
 *
 * The fields must have an `id`, ordered, whose order is that of time. What is absent comes last,
 * and first if descending. Throws REQUEST_INVALID for `argument`.
 */
export function parseOrderBy(text: string, fields: Fields, argument = 'order_by'): Order {
  const fail = (description: string): Error => invalid({ field: argument, description });
  if (text.length > MAX_LENGTH) throw fail(`must not be longer than ${MAX_LENGTH} characters`);

  const keys: OrderKey[] = [];
  for (const term of text.trim() === '' ? [] : text.split(',')) {
    const key = readTerm(term.trim(), fields, fail);
    if (keys.some(({ name }) => name === key.name)) throw fail(`${key.name} is there twice`);
    keys.push(key);
  }
  if (keys.length > MAX_KEYS) throw fail(`there are not more than ${MAX_KEYS} fields`);
  return {
    keys: keys.some(({ name }) => name === 'id') ? keys : [...keys, tieBreak(keys, fields)],
  };
}

function readTerm(term: string, fields: Fields, fail: (why: string) => Error): OrderKey {
  const [, name, direction] = TERM.exec(term) ?? [];
  if (name === undefined) {
    throw fail(`expected a field, then asc, desc or nothing, instead of ${quoted(term)}`);
  }
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!field?.ordered) {
    const ordered = Object.entries(fields).filter(([, each]) => each.ordered);
    throw fail(
      field
        ? `lists are not ordered by ${name}, but by ${ordered.map(([each]) => each).join(', ')}`
        : unknownField(name, Object.fromEntries(ordered)),
    );
  }
  return { name, field, isDescending: direction === 'desc' };
}

/** Goes the way of the last key, so that one index can serve both. */
function tieBreak(keys: readonly OrderKey[], { id }: Fields): OrderKey {
  if (!id) throw new Error('fields without an id');
  return { name: 'id', field: id, isDescending: keys.at(-1)?.isDescending ?? true };
}

/** Writes an order in one way of the many that mean it. */
export function printOrder({ keys }: Order): string {
  return keys.map(({ name, isDescending }) => (isDescending ? `${name} desc` : name)).join(', ');
}

/** What stands behind `order by`. */
export function orderSql({ keys }: Order): string {
  return keys
    .map(({ field, isDescending }) => field.sql + (isDescending ? ' desc' : ''))
    .join(', ');
}

/** A row's key in an order, as an expression of a text[]. */
export function keySql({ keys }: Order): string {
  return `array[${keys.map(({ field }) => partSql(field)).join(', ')}]`;
}

function partSql({ sql, type }: Field): string {
  if (type !== 'timestamp') return `(${sql})::text`;
  return `to_char(${sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** Tells whether a key could be one of a row: anybody can make up a page token. */
export function isKeyOf({ keys }: Order, key: RowKey): boolean {
  return (
    key.length === keys.length &&
    keys.every(({ field }, place) => {
      const part = key[place];
      return part === null ? field.nullable === true : part !== undefined && isPart(field, part);
    })
  );
}

const MICROS = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d{3}Z$/;

function isPart({ type }: Field, part: string): boolean {
  switch (type) {
    case 'timestamp': {
      const millis = `${MICROS.exec(part)?.[1]}Z`;
      const time = new Date(millis);
      return !Number.isNaN(time.getTime()) && time.toISOString() === millis;
    }
    case 'number':
    case 'duration':
      return (
        /^-?\d{1,30}(\.\d{1,30})?(e[+-]?\d{1,3})?$/.test(part) && Number.isFinite(Number(part))
      );
    default:
      return true;
  }
}

/**
 * Writes the condition for the rows behind a key, with placeholders from a number on.
 *
 * Rows that come and go elsewhere do not move the others: each is seen once.
 */
export function afterKeySql({ keys }: Order, key: RowKey, firstParam: number): Fragment {
  const params: unknown[] = [];
  const parts = keys.map((of, place): Part => {
    const value = key[place] ?? null;
    if (value === null) return { ...of, value: null };
    params.push(value);
    return { ...of, value: `$${firstParam + params.length - 1}::${SQL_TYPES[of.field.type]}` };
  });
  return { sql: isUniform(parts) ? rowAfter(parts) : stepwise(parts), params };
}

interface Part extends OrderKey {
  /** A placeholder, or null for what is absent. */
  readonly value: string | null;
}

const SQL_TYPES = {
  id: 'text',
  text: 'text',
  enum: 'text',
  timestamp: 'timestamptz',
  number: 'float8',
  duration: 'float8',
  bool: 'boolean',
  labels: 'jsonb',
  list: 'text[]',
} as const satisfies Record<Field['type'], string>;

/** Whether all go one way and nothing can be absent, so that rows compare as such. */
function isUniform(parts: readonly Part[]): boolean {
  return parts.every(
    ({ field, isDescending }) => !field.nullable && isDescending === parts[0]?.isDescending,
  );
}

/** One comparison of rows, which an index of the same columns serves. */
function rowAfter(parts: readonly Part[]): string {
  const columns = parts.map(({ field }) => field.sql).join(', ');
  const values = parts.map(({ value }) => value).join(', ');
  return `(${columns}) ${parts[0]?.isDescending ? '<' : '>'} (${values})`;
}

/** Behind in the first key, or alike there and behind in the next, and so on. */
function stepwise(parts: readonly Part[]): string {
  const [first, ...rest] = parts;
  if (!first) return 'false';
  const here = behind(first);
  if (rest.length === 0) return here;
  const alike = first.value === null ? `${first.field.sql} is null` : equals(first);
  return `(${here} or (${alike} and ${stepwise(rest)}))`;
}

function equals({ field, value }: Part): string {
  return `${field.sql} = ${value}`;
}

function behind({ field, isDescending, value }: Part): string {
  // Nothing is behind what is absent, or all else is.
  if (value === null) return isDescending ? `${field.sql} is not null` : 'false';
  if (isDescending) return `${field.sql} < ${value}`;
  const later = `${field.sql} > ${value}`;
  return field.nullable ? `(${later} or ${field.sql} is null)` : later;
}
