import { type Field, type Fields, quoted, unknownField } from './fields.js';
import { EVERYTHING, type Filter, joined, type Operator, type Restriction } from './filter.js';
import { Scanner, type Written } from './scanner.js';
import { readValue } from './values.js';

const MAX_LENGTH = 2_000;
const MAX_TERMS = 50;
const MAX_DEPTH = 20;

const AND = /AND(?![A-Za-z0-9_.])/y;
const OR = /OR(?![A-Za-z0-9_.])/y;
const NOT = /NOT(?![A-Za-z0-9_.])|-/y;
const OPENING = /\(/y;
const CLOSING = /\)/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOT = /\./y;
const KEY = /[A-Za-z0-9_-]+/y;
const OPERATOR = /<=|>=|!=|[=<>:]/y;

/**
 * Understands a filter, as far as docs/filters.md says.
 *
 * Throws REQUEST_INVALID for `argument`, with the place and what was expected there.
 */
export function parseFilter(text: string, fields: Fields, argument = 'filter'): Filter {
  return new Parser(new Scanner(text, argument, MAX_LENGTH), fields).parse();
}

/** A field that is asked about, or one of its labels. */
interface Member {
  readonly name: string;
  readonly field: Field;
  readonly key?: string;
  readonly at: number;
}

class Parser {
  readonly #scanner: Scanner;
  readonly #fields: Fields;
  #depth = 0;
  #terms = 0;

  constructor(scanner: Scanner, fields: Fields) {
    this.#scanner = scanner;
    this.#fields = fields;
  }

  parse(): Filter {
    if (this.#scanner.isAtEnd()) return EVERYTHING;
    const filter = this.#expression();
    if (!this.#scanner.isAtEnd()) throw this.#scanner.problem('no parenthesis is open here');
    return filter;
  }

  #expression(): Filter {
    const parts = [this.#sequence()];
    while (this.#scanner.take(AND) !== undefined) parts.push(this.#sequence());
    return joined('and', parts);
  }

  /** Terms beside each other: all of them. */
  #sequence(): Filter {
    const parts = [this.#factor()];
    while (!this.#isOver()) parts.push(this.#factor());
    return joined('and', parts);
  }

  #isOver(): boolean {
    const scanner = this.#scanner;
    return scanner.isAtEnd() || scanner.sees(CLOSING) || scanner.sees(AND);
  }

  /** OR binds tighter than AND. */
  #factor(): Filter {
    const parts = [this.#term()];
    while (this.#scanner.take(OR) !== undefined) parts.push(this.#term());
    return joined('or', parts);
  }

  #term(): Filter {
    const isNegated = this.#scanner.take(NOT) !== undefined;
    const part = this.#simple();
    return isNegated ? { kind: 'not', part } : part;
  }

  #simple(): Filter {
    const scanner = this.#scanner;
    const { at } = scanner;
    if (scanner.take(OPENING) === undefined) return this.#restriction();
    if (this.#depth === MAX_DEPTH) {
      throw scanner.problem(`parentheses are not more than ${MAX_DEPTH} deep`, at);
    }
    this.#depth += 1;
    const filter = this.#expression();
    this.#depth -= 1;
    if (scanner.take(CLOSING) === undefined) {
      throw scanner.problem('this parenthesis is not closed', at);
    }
    return filter;
  }

  #restriction(): Filter {
    const scanner = this.#scanner;
    const member = this.#member();
    this.#terms += 1;
    if (this.#terms > MAX_TERMS) {
      throw scanner.problem(`there are not more than ${MAX_TERMS} conditions`, member.at);
    }
    const { at } = scanner;
    const operator = scanner.take(OPERATOR);
    if (operator === undefined) {
      throw scanner.problem(
        `expected =, !=, <, <=, >, >= or : after ${member.name}` +
          '; AND, OR and NOT are written in capitals',
      );
    }
    const written = scanner.takeValue();
    if (operator !== '!=') return this.#condition(member, operator as Operator, { written, at });
    return { kind: 'not', part: this.#condition(member, '=', { written, at }) };
  }

  #member(): Member {
    const scanner = this.#scanner;
    const { at } = scanner;
    if (scanner.sees(AND) || scanner.sees(OR) || scanner.sees(NOT)) {
      throw scanner.problem('expected a field');
    }
    const name = scanner.take(NAME);
    if (name === undefined) throw scanner.problem('expected a field');
    const field = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    if (!field) throw scanner.problem(unknownField(name, this.#fields), at);
    if (scanner.take(DOT) === undefined) return { name, field, at };
    if (field.type !== 'labels') throw scanner.problem(`${name} has no parts`, at);
    return { name, field, key: this.#key(), at };
  }

  #key(): string {
    const scanner = this.#scanner;
    const string = scanner.takeString();
    if (string?.isOpen) throw scanner.problem('the key of a label is whole', string.at);
    const key = string?.text ?? scanner.take(KEY);
    if (key === undefined) throw scanner.problem('expected the key of a label');
    return key;
  }

  #condition(member: Member, operator: Operator, where: Where): Restriction {
    const { field, name, key } = member;
    const of = { field: name, type: field.type, ...(key !== undefined && { key }) };
    const { text, isOpen, at } = where.written;
    if (operator === ':' && isOpen && text === '') return { kind: 'has', ...of };
    if (operator === ':' && field.type === 'labels' && key === undefined) {
      if (isOpen) throw this.#scanner.problem('the key of a label is whole', at);
      return { kind: 'has', ...of, key: text };
    }
    const known = this.#known(member, operator, where.at);
    if (isOpen) {
      const begins = known === '=' && (field.type === 'text' || field.type === 'labels');
      if (!begins) throw this.#scanner.problem(`there is no * for ${name} ${operator}`, at);
      return { kind: 'begins', ...of, prefix: text };
    }
    const read = readValue(field, text);
    if ('expected' in read) throw this.#scanner.problem(read.expected, at);
    return { kind: 'is', ...of, operator: known, value: read.value };
  }

  /** The operator, if the field knows it. */
  #known({ name, field, key }: Member, operator: Operator, at: number): Operator {
    if (field.type === 'labels' && key === undefined) {
      throw this.#scanner.problem(`expected a key, as in ${name}.team = ${quoted('a')}`, at);
    }
    const known: readonly Operator[] = OPERATORS[field.type];
    if (!known.includes(operator)) {
      throw this.#scanner.problem(`expected ${known.join(', ')} after ${name}`, at);
    }
    // A label is one value: to have it is to be it.
    return field.type === 'labels' ? '=' : operator;
  }
}

/** What is compared, and where the operator stands. */
interface Where {
  readonly written: Written;
  readonly at: number;
}

const EQUAL = ['='] as const;
const ORDERED = ['=', '<', '<=', '>', '>='] as const;

/** `!=` goes with `=`, and `:*` with everything. */
const OPERATORS = {
  id: EQUAL,
  enum: EQUAL,
  bool: EQUAL,
  text: ORDERED,
  timestamp: ORDERED,
  number: ORDERED,
  duration: ORDERED,
  labels: ['=', ':'],
  list: [':'],
} as const satisfies Record<Field['type'], readonly Operator[]>;
