import type { Clone } from './clone.js';

/** The clone with a condition; one of the same type that says the same stays as it is. */
export function withCondition(clone: Clone, type: string, message: string, at: Date): Clone {
  const former = clone.conditions.find((condition) => condition.type === type);
  if (former?.message === message) return clone;
  const others = clone.conditions.filter((condition) => condition.type !== type);
  return { ...clone, conditions: [...others, { type, message, sinceAt: former?.sinceAt ?? at }] };
}

/** The clone without conditions of these types. The same one if it has none. */
export function withoutCondition(clone: Clone, ...types: readonly string[]): Clone {
  if (!clone.conditions.some(({ type }) => types.includes(type))) return clone;
  return { ...clone, conditions: clone.conditions.filter(({ type }) => !types.includes(type)) };
}

/** Tells whether a condition holds of a clone. */
export function hasCondition({ conditions }: Clone, wanted: string): boolean {
  return conditions.some(({ type }) => type === wanted);
}
