import type { Fields } from './fields.js';
import type { Beginning, Comparison, Filter, Presence } from './filter.js';

/** A part of a statement, with what its placeholders stand for. */
export interface Fragment {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/**
 * Writes a filter as a condition, with placeholders from a number on.
 *
 * Whatever a caller has said is a parameter. Conditions are written so that indexes can serve them:
 * beginnings and times as ranges, labels as containment.
 */
export function filterSql(filter: Filter, fields: Fields, firstParam: number): Fragment {
  const compiler = new Compiler(fields, firstParam);
  return { sql: compiler.sql(filter), params: compiler.params };
}

class Compiler {
  readonly params: unknown[] = [];
  readonly #fields: Fields;
  readonly #first: number;

  constructor(fields: Fields, first: number) {
    this.#fields = fields;
    this.#first = first;
  }

  sql(filter: Filter): string {
    switch (filter.kind) {
      case 'and':
        return filter.parts.length === 0 ? 'true' : this.#all(filter.parts, ' and ');
      case 'or':
        return this.#all(filter.parts, ' or ');
      case 'not':
        // What is null does not hold, so this does.
        return `((${this.sql(filter.part)}) is not true)`;
      case 'has':
        return this.#has(filter);
      case 'begins':
        return this.#begins(filter);
      case 'is':
        return this.#is(filter);
    }
  }

  #all(parts: readonly Filter[], by: string): string {
    return `(${parts.map((part) => this.sql(part)).join(by)})`;
  }

  #has({ field, type, key }: Presence): string {
    const sql = this.#sqlOf(field);
    switch (type) {
      case 'id':
      case 'text':
      case 'enum':
        return `${sql} <> ''`;
      case 'labels':
        return key === undefined ? `${sql} <> '{}'` : `${sql} ? ${this.#param(key, 'text')}`;
      case 'list':
        return `cardinality(${sql}) > 0`;
      case 'timestamp':
      case 'number':
      case 'duration':
      case 'bool':
        return `${sql} is not null`;
    }
  }

  #begins({ field, key, prefix }: Beginning): string {
    const own = this.#sqlOf(field);
    const sql = key === undefined ? own : `(${own} ->> ${this.#param(key, 'text')}) collate "C"`;
    const from = `${sql} >= ${this.#param(prefix, 'text')}`;
    const end = afterAllWith(prefix);
    return end === undefined ? from : `(${from} and ${sql} < ${this.#param(end, 'text')})`;
  }

  #is(comparison: Comparison): string {
    const { field, type, key = '', operator, value } = comparison;
    const sql = this.#sqlOf(field);
    switch (type) {
      case 'labels':
        return `${sql} @> ${this.#param(JSON.stringify({ [key]: value }), 'jsonb')}`;
      case 'list':
        return `${sql} @> array[${this.#param(value, 'text')}]`;
      case 'timestamp':
        return this.#isTime(sql, comparison);
      case 'number':
      case 'duration':
        return `${sql} ${operator} ${this.#param(value, 'float8')}`;
      case 'bool':
        return `${sql} = ${this.#param(value, 'boolean')}`;
      case 'id':
      case 'text':
      case 'enum':
        return `${sql} ${operator} ${this.#param(value, 'text')}`;
    }
  }

  /** Compares whole milliseconds, also where the database has finer times. */
  #isTime(sql: string, { operator, value }: Comparison): string {
    const time = new Date(String(value));
    const at = (date: Date): string => this.#param(date.toISOString(), 'timestamptz');
    const next = new Date(time.getTime() + 1);
    switch (operator) {
      case '<':
        return `${sql} < ${at(time)}`;
      case '<=':
        return `${sql} < ${at(next)}`;
      case '>':
        return `${sql} >= ${at(next)}`;
      case '>=':
        return `${sql} >= ${at(time)}`;
      case '=':
      case ':':
        return `(${sql} >= ${at(time)} and ${sql} < ${at(next)})`;
    }
  }

  #sqlOf(name: string): string {
    const field = this.#fields[name];
    if (!field) throw new Error(`a filter of other fields: ${name}`);
    return field.sql;
  }

  #param(value: unknown, type: string): string {
    this.params.push(value);
    return `$${this.#first + this.params.length - 1}::${type}`;
  }
}

const LAST_POINT = 0x10ffff;

/** The first text after all that begin with this one, by bytes. Undefined: there is none. */
function afterAllWith(prefix: string): string | undefined {
  const points = [...prefix].map((char) => char.codePointAt(0) ?? 0);
  while (points.at(-1) === LAST_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Surrogates are no characters: the one after U+D7FF is U+E000.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}
