import type { Comparison, Filter, Restriction } from './filter.js';

/** A value of a field. What is null or undefined is absent. */
export type FieldValue =
  | string
  | number
  | boolean
  | Date
  | Readonly<Record<string, string>>
  | readonly string[]
  | null
  | undefined;

/** The fields of one thing, by the names that filters use. */
export type FieldValues = Readonly<Record<string, FieldValue>>;

/** Tells whether a thing passes a filter, exactly as the database would. */
export function matches(filter: Filter, values: FieldValues): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => matches(part, values));
    case 'or':
      return filter.parts.some((part) => matches(part, values));
    case 'not':
      return !matches(filter.part, values);
    case 'has':
      return isThere(valueIn(filter, values), filter);
    case 'begins': {
      const value = valueIn(filter, values);
      return typeof value === 'string' && value.startsWith(filter.prefix);
    }
    case 'is':
      return compares(valueIn(filter, values), filter);
  }
}

function valueIn({ field, key }: Restriction, values: FieldValues): FieldValue {
  const value = values[field];
  if (key === undefined) return value;
  const labels = Object(value) as Readonly<Record<string, string>>;
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function isThere(value: FieldValue, { key }: Restriction): boolean {
  if (value === null || value === undefined) return false;
  if (key !== undefined) return true;
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  if (value instanceof Date || typeof value !== 'object') return true;
  return Object.keys(value).length > 0;
}

function compares(value: FieldValue, { operator, value: other }: Comparison): boolean {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.includes(other);
  const order = orderOf(value, other);
  switch (operator) {
    case '=':
    case ':':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function orderOf(value: FieldValue, other: string | number | boolean): number {
  if (value instanceof Date) return value.getTime() - Date.parse(String(other));
  if (typeof value === 'string')
    return Buffer.compare(Buffer.from(value), Buffer.from(String(other)));
  return Number(value) - Number(other);
}
