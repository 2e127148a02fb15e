import { invalid, type PublicError } from '@ramet/errors';

/** A value as it is written. */
export interface Written {
  readonly text: string;
  /** Whether a `*` follows it: it is the beginning of what is asked for. */
  readonly isOpen: boolean;
  /** Where it begins. */
  readonly at: number;
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy;
const WORD = /-?[A-Za-z0-9_][A-Za-z0-9_.:+-]*/y;
const STAR = /\*/y;
/** No text in the database has these. */
const NO_TEXT = /[\0\p{Surrogate}]/u;
const ESCAPABLE = '\\"\'*';

/** Reads a text from left to right. What cannot be read is told with its place. */
export class Scanner {
  readonly #text: string;
  readonly #argument: string;
  #at = 0;

  /** Throws REQUEST_INVALID for a text that is too long or has what no text can have. */
  constructor(text: string, argument: string, maxLength: number) {
    this.#text = text;
    this.#argument = argument;
    if (text.length > maxLength && [...text].length > maxLength) {
      throw this.#invalid(`must not be longer than ${maxLength} characters`);
    }
    const at = text.search(NO_TEXT);
    if (at >= 0) throw this.problem('this character is in no text', at);
    this.take(SPACE);
  }

  get at(): number {
    return this.#at;
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Tells whether a sticky pattern comes next. */
  sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  /** Takes what a sticky pattern finds next, and the space behind it. */
  take(pattern: RegExp): string | undefined {
    const taken = this.#takeTight(pattern)?.[0];
    if (taken !== undefined) this.#takeTight(SPACE);
    return taken;
  }

  /** Takes a text in quotes, or undefined if none comes next. */
  takeString(): Written | undefined {
    const at = this.#at;
    if (!this.sees(/["']/y)) return undefined;
    const match = this.#takeTight(STRING);
    if (!match) throw this.problem('this quote has no end', at);
    this.#takeTight(SPACE);
    return this.#unescaped(match[1] ?? match[2] ?? '', at);
  }

  /** Takes a text in quotes or a bare word. */
  takeValue(): Written {
    const string = this.takeString();
    if (string) return string;
    const at = this.#at;
    const text = this.#takeTight(WORD)?.[0] ?? '';
    const isOpen = this.#takeTight(STAR) !== undefined;
    if (text === '' && !isOpen) throw this.problem('expected a value', at);
    this.#takeTight(SPACE);
    return { text, isOpen, at };
  }

  /** What is wrong at a place, counted in characters from 1. */
  problem(description: string, at = this.#at): PublicError {
    const place = [...this.#text.slice(0, at)].length + 1;
    return this.#invalid(`at character ${place}: ${description}`);
  }

  #invalid(description: string): PublicError {
    return invalid({ field: this.#argument, description });
  }

  #takeTight(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match ?? undefined;
  }

  #unescaped(raw: string, at: number): Written {
    let text = '';
    for (let index = 0; index < raw.length; index += 1) {
      const char = raw.charAt(index);
      if (char === '*') {
        if (index === raw.length - 1) return { text, isOpen: true, at };
        throw this.problem('a * stands at the end only; \\* is the character', at + 1 + index);
      }
      if (char === '\\') index += 1;
      const literal = raw.charAt(index);
      if (char === '\\' && !ESCAPABLE.includes(literal)) {
        throw this.problem('a \\ stands before \\, ", \' and * only', at + index);
      }
      text += literal;
    }
    return { text, isOpen: false, at };
  }
}
