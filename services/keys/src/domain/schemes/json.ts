/** A JSON value. A number stays as it is written: most of what is signed is larger than a double. */
export type Json =
  | string
  | boolean
  | null
  | JsonNumber
  | readonly Json[]
  | ReadonlyMap<string, Json>;

/** A number, digit by digit. */
export interface JsonNumber {
  readonly digits: string;
}

/** What was read, or why it was not. */
export type JsonRead = { readonly value: Json } | { readonly problem: string };

/** How deep arrays and objects may be in one another. */
const MAX_DEPTH = 32;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none of them in its strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\r\n]*/y;

class NotJson extends Error {}

/**
 * Reads JSON (RFC 8259) strictly: valid UTF-8, no name twice in an object, no deeper than 32.
 *
 * What two readers could understand differently is refused, as what is signed must mean one thing.
 */
export function readJson(bytes: Buffer): JsonRead {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const reader = new Reader(text);
    const value = reader.value(0);
    reader.end();
    return { value };
  } catch (thrown) {
    if (thrown instanceof NotJson) return { problem: thrown.message };
    if (thrown instanceof TypeError) return { problem: 'must be UTF-8' };
    throw thrown;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new NotJson(`must not be deeper than ${MAX_DEPTH}`);
    this.#match(BLANK);
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#word() ?? { digits: this.#match(NUMBER) };
    }
  }

  end(): void {
    this.#match(BLANK);
    if (this.#at !== this.#text.length) throw this.#problem();
  }

  #object(depth: number): ReadonlyMap<string, Json> {
    const members = new Map<string, Json>();
    this.#items('{', '}', () => {
      this.#match(BLANK);
      const name = this.#string();
      if (members.has(name)) throw new NotJson(`must not have a name twice in an object`);
      this.#expect(':');
      members.set(name, this.value(depth + 1));
    });
    return members;
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = [];
    this.#items('[', ']', () => items.push(this.value(depth + 1)));
    return items;
  }

  #items(open: string, close: string, item: () => void): void {
    this.#expect(open);
    if (this.#take(close)) return;
    do item();
    while (this.#take(','));
    this.#expect(close);
  }

  #string(): string {
    return JSON.parse(this.#match(STRING)) as string;
  }

  #word(): boolean | null | undefined {
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return undefined;
  }

  #take(mark: string): boolean {
    this.#match(BLANK);
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw this.#problem();
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) throw this.#problem();
    this.#at += found.length;
    return found;
  }

  #problem(): NotJson {
    return new NotJson(`must be JSON: it is not at character ${this.#at}`);
  }
}
