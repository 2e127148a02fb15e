import type { Comparison, Filter, Restriction } from './filter.js';

/** Writes a filter in one way of the many that mean it. `parseFilter` reads it back the same. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return filter.parts.map(printFilter).join(' AND ');
    case 'or':
      return filter.parts.map(term).join(' OR ');
    case 'not':
      return filter.part.kind === 'not'
        ? `NOT (${printFilter(filter.part)})`
        : negated(filter.part);
    case 'has':
    case 'begins':
    case 'is':
      return restriction(filter, '=');
  }
}

function term(filter: Filter): string {
  const isComposite = filter.kind === 'and' || filter.kind === 'or';
  return isComposite ? `(${printFilter(filter)})` : printFilter(filter);
}

function negated(part: Filter): string {
  const isEquality = part.kind === 'begins' || (part.kind === 'is' && part.operator === '=');
  return isEquality ? restriction(part, '!=') : `NOT ${term(part)}`;
}

function restriction(of: Restriction, equality: '=' | '!='): string {
  const member = of.key === undefined ? of.field : `${of.field}.${string(of.key)}`;
  switch (of.kind) {
    case 'has':
      return `${member}:*`;
    case 'begins':
      return `${member} ${equality} "${escaped(of.prefix)}*"`;
    case 'is':
      return `${member} ${of.operator === '=' ? equality : of.operator} ${value(of)}`;
  }
}

function value({ type, value: of }: Comparison): string {
  if (typeof of === 'string') return string(of);
  // Written out: what a duration knows has no exponent.
  if (type === 'duration') return `${seconds(Number(of))}s`;
  return String(of);
}

function seconds(of: number): string {
  return of.toFixed(9).replace(/\.?0+$/, '');
}

function string(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return text.replace(/[\\"*]/g, '\\$&');
}
