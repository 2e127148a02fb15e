import type { FieldType } from './fields.js';

/**
 * What a list or watch is narrowed to, as `parseFilter` has understood it.
 *
 * A condition on what is absent does not hold, and NOT turns that around: there is no third value.
 */
export type Filter = All | Any | Not | Restriction;

/** Holds if all parts do. Without parts it always does. */
export interface All {
  readonly kind: 'and';
  readonly parts: readonly Filter[];
}

/** Holds if one of the parts does. */
export interface Any {
  readonly kind: 'or';
  readonly parts: readonly Filter[];
}

export interface Not {
  readonly kind: 'not';
  readonly part: Filter;
}

/** A condition on one field. */
export type Restriction = Presence | Beginning | Comparison;

interface OfField {
  readonly field: string;
  readonly type: FieldType;
  /** Which of the labels. */
  readonly key?: string;
}

/** Whether the field, or one of its labels, is there at all. */
export interface Presence extends OfField {
  readonly kind: 'has';
}

/** Whether a text begins with another one. */
export interface Beginning extends OfField {
  readonly kind: 'begins';
  readonly prefix: string;
}

/** Whether a value compares with another one; `:` is whether a list has it. */
export interface Comparison extends OfField {
  readonly kind: 'is';
  readonly operator: Operator;
  /** Times are text, as `toISOString` gives them; durations are seconds. */
  readonly value: string | number | boolean;
}

export type Operator = '=' | '<' | '<=' | '>' | '>=' | ':';

/** The filter that everything passes. */
export const EVERYTHING: Filter = { kind: 'and', parts: [] };

/** Joins filters, without a filter around a single one or around more of the same kind. */
export function joined(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return { kind, parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])) };
}
