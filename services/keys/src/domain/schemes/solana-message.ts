import { base58 } from './base58.js';

/** What a Solana message says of itself. */
export interface SolanaMessage {
  /** The keys that must sign, in base58. */
  readonly signers: readonly string[];
  /** The programs that it calls, in base58, each once. */
  readonly programs: readonly string[];
}

const KEY_BYTES = 32;
const VERSIONED = 0x80;

/** Made once: bytes of all kinds are looked at here, and to make an error takes longer than that. */
const NOT_A_MESSAGE = new Error('not the message of a Solana transaction');

/**
 * Reads the message of a transaction, legacy or of version 0. Undefined unless the bytes are
 * exactly that.
 *
 * Programs are always among the keys that stand in the message itself: what is looked up in a
 * table cannot be called.
 */
export function readSolanaMessage(bytes: Buffer): SolanaMessage | undefined {
  try {
    return read(new Reader(bytes));
  } catch (thrown) {
    if (thrown === NOT_A_MESSAGE) return undefined;
    throw thrown;
  }
}

function read(reader: Reader): SolanaMessage {
  const isVersioned = reader.peek() >= VERSIONED;
  if (isVersioned) requireThat(reader.byte() === VERSIONED);
  const [signers, readonlySigners, readonlyOthers] = [reader.byte(), reader.byte(), reader.byte()];
  requireThat(signers > 0 && readonlySigners < signers);
  const keys = reader.list(() => base58(reader.bytes(KEY_BYTES)));
  requireThat(signers + readonlyOthers <= keys.length);
  requireThat(new Set(keys).size === keys.length);
  reader.bytes(KEY_BYTES);

  const instructions = reader.list(() => readInstruction(reader));
  const looked = isVersioned ? reader.list(() => readLookup(reader)) : [];
  reader.end();

  const accounts = keys.length + looked.reduce((sum, count) => sum + count, 0);
  const programs = instructions.map(({ program, highest }) => {
    const key = keys[program];
    requireThat(program > 0 && highest < accounts);
    if (key === undefined) throw NOT_A_MESSAGE;
    return key;
  });
  return { signers: keys.slice(0, signers), programs: [...new Set(programs)] };
}

function readInstruction(reader: Reader) {
  const program = reader.byte();
  const accounts = reader.list(() => reader.byte());
  reader.bytes(reader.size());
  return { program, highest: Math.max(-1, ...accounts) };
}

/** How many accounts a look-up adds. */
function readLookup(reader: Reader): number {
  reader.bytes(KEY_BYTES);
  const writable = reader.list(() => reader.byte()).length;
  const readonly = reader.list(() => reader.byte()).length;
  requireThat(writable + readonly > 0);
  return writable + readonly;
}

function requireThat(holds: boolean): void {
  if (!holds) throw NOT_A_MESSAGE;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw NOT_A_MESSAGE;
    return byte;
  }

  byte(): number {
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }

  bytes(count: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    requireThat(taken.length === count);
    this.#at += count;
    return taken;
  }

  /** A `compact-u16`: seven bits a byte, the lowest first, in its shortest form. */
  size(): number {
    let size = 0;
    for (const shift of [0, 7, 14]) {
      const byte = this.byte();
      size |= (byte & 0x7f) << shift;
      requireThat(byte !== 0 || shift === 0);
      if (byte < 0x80) {
        requireThat(size <= 0xffff);
        return size;
      }
    }
    throw NOT_A_MESSAGE;
  }

  list<Item>(item: () => Item): readonly Item[] {
    const count = this.size();
    // Each item takes a byte at least: no list is longer than what is left.
    requireThat(count <= this.#bytes.length - this.#at);
    return Array.from({ length: count }, item);
  }

  end(): void {
    requireThat(this.#at === this.#bytes.length);
  }
}
