import type { Secrets } from './setup.js';

const MASK = Buffer.from('******');
/** What is shorter would be found in texts that have nothing to do with it. */
const SHORTEST = 6;

/** Takes pieces of a text as they come, and gives them back without secrets. */
export interface MaskedStream {
  /** What is certain by now. What may be the beginning of a secret is held back. */
  push(chunk: Buffer): Buffer;
  /** What was held back. */
  end(): Buffer;
}

/** Hides the values of secrets in what a workload prints and says. */
export class Mask {
  readonly #patterns: readonly Buffer[];

  constructor(values: readonly string[]) {
    const long = values
      .map((value) => value.trim())
      .filter((value) => [...value].length >= SHORTEST);
    // Of two that begin at the same place the longer one is hidden.
    this.#patterns = [...new Set(long)]
      .map((value) => Buffer.from(value))
      .sort((one, other) => other.length - one.length);
  }

  /** A whole text without secrets. */
  text(text: string): string {
    if (this.#patterns.length === 0) return text;
    return this.#hide(Buffer.from(text), true).clean.toString();
  }

  /** A new stream; its pieces may be cut anywhere. */
  stream(): MaskedStream {
    let held: Buffer = Buffer.alloc(0);
    return {
      push: (chunk) => {
        if (this.#patterns.length === 0) return chunk;
        const { clean, rest } = this.#hide(Buffer.concat([held, chunk]), false);
        held = rest;
        return clean;
      },
      end: () => {
        const { clean } = this.#hide(held, true);
        held = Buffer.alloc(0);
        return clean;
      },
    };
  }

  #hide(text: Buffer, isLast: boolean): { readonly clean: Buffer; readonly rest: Buffer } {
    const parts: Buffer[] = [];
    let from = 0;
    for (;;) {
      const hit = this.#firstIn(text, from);
      // A longer secret that may have begun before has to be waited for.
      const open = isLast ? text.length : this.#openAt(text, from);
      if (!hit || open < hit.at || (open === hit.at && !isLast && this.#isLonger(text, hit))) {
        parts.push(text.subarray(from, open));
        return { clean: Buffer.concat(parts), rest: Buffer.from(text.subarray(open)) };
      }
      parts.push(text.subarray(from, hit.at), MASK);
      from = hit.at + hit.length;
    }
  }

  #firstIn(
    text: Buffer,
    from: number,
  ): { readonly at: number; readonly length: number } | undefined {
    let first: { readonly at: number; readonly length: number } | undefined;
    for (const pattern of this.#patterns) {
      const end = first ? first.at + pattern.length - 1 : text.length;
      const at = text.subarray(0, end).indexOf(pattern, from);
      if (at !== -1 && (!first || at < first.at)) first = { at, length: pattern.length };
    }
    return first;
  }

  /** Where the first secret begins that the text ends within; the end of the text if none does. */
  #openAt(text: Buffer, from: number): number {
    let open = text.length;
    for (const pattern of this.#patterns) {
      open = Math.min(
        open,
        beginningOf(pattern, text, Math.max(from, text.length - pattern.length + 1)),
      );
    }
    return open;
  }

  /** Whether a secret that is longer than the one found may have begun at the same place. */
  #isLonger(
    text: Buffer,
    { at, length }: { readonly at: number; readonly length: number },
  ): boolean {
    const left = text.subarray(at);
    return this.#patterns.some(
      (pattern) =>
        pattern.length > length &&
        pattern.length > left.length &&
        pattern.subarray(0, left.length).equals(left),
    );
  }
}

/** The mask for the secrets of an execution. */
export function maskOf({ overrides, inputs }: Secrets): Mask {
  const queries = inputs.flatMap(({ url }) => {
    const at = url.indexOf('?');
    return at === -1 ? [] : [url.slice(at + 1)];
  });
  return new Mask([...overrides.map(({ value }) => value), ...queries]);
}

/** Where a text ends with the beginning of a pattern; its end if it does not. */
function beginningOf(pattern: Buffer, text: Buffer, from: number): number {
  const first = pattern[0];
  if (first === undefined) return text.length;
  for (let at = text.indexOf(first, from); at !== -1; at = text.indexOf(first, at + 1)) {
    const length = text.length - at;
    if (text.compare(pattern, 0, length, at) === 0) return at;
  }
  return text.length;
}
