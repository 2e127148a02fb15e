import { UsageError } from '../usage-error.js';

/** An enum of the contracts: its values by their names without the prefix. */
export type Choices<Value extends number> = Readonly<Record<string, Value>>;

/** Reads a value of an enum by its name, in any case, with `-` or `_`. UNSPECIFIED is none. */
export function parseChoice<Value extends number>(choices: Choices<Value>, text: string): Value {
  const value = choices[text.toUpperCase().replaceAll('-', '_')];
  if (value === undefined || value === 0) {
    const known = Object.keys(choices).filter((name) => choices[name] !== 0);
    const words = known.map((name) => spelled(name)).join(', ');
    throw new UsageError(`'${text}' is none of ${words}`);
  }
  return value;
}

/** The name of a value, as the contracts write it without the prefix. */
export function nameOf<Value extends number>(choices: Choices<Value>, value: Value): string {
  const known = Object.entries(choices).find(([, each]) => each === value);
  return known?.[0] ?? `${value}`;
}

/** A name as people type it. */
export function spelled(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
