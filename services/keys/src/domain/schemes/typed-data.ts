import { keccak256, readAddress } from './evm-address.js';
import type { Json } from './json.js';
import { NotTypedData, type Types } from './typed-data-types.js';

/** How deep structs and arrays may be in one another. */
const MAX_DEPTH = 16;
/** So many structs, arrays, texts, bytes and types are hashed of one value, and so much in all. */
const MAX_HASHES = 2_048;
const MAX_HASHED_BYTES = 262_144;

/** The hash of a struct (EIP-712, `hashStruct`). Throws NotTypedData for a value that does not fit. */
export function hashStruct(types: Types, name: string, value: Json, path: string): Buffer {
  return new Encoder(types).struct(name, value, path, 0);
}

class Encoder {
  readonly #types: Types;
  readonly #typeHashes = new Map<string, Buffer>();
  #hashes = 0;
  #hashedBytes = 0;

  constructor(types: Types) {
    this.#types = types;
  }

  struct(name: string, value: Json, path: string, depth: number): Buffer {
    if (depth > MAX_DEPTH) throw new NotTypedData(path, `must not be deeper than ${MAX_DEPTH}`);
    if (!(value instanceof Map)) throw new NotTypedData(path, `must be an object: a ${name}`);
    const fields = this.#types.fieldsOf(name);
    for (const known of value.keys()) {
      const isField = fields.some((field) => field.name === known);
      if (!isField) throw new NotTypedData(path, `has a member that ${name} does not have`);
    }
    const words = fields.map((field) => {
      const member = value.get(field.name);
      const where = `${path}.${field.name}`;
      if (member === undefined) throw new NotTypedData(where, 'is missing');
      return this.#word(field.type, member, where, depth);
    });
    return this.#hash(path, this.#typeHash(name, path), ...words);
  }

  /** Hashes, as long as that is not too much: a value may ask for far more work than it is long. */
  #hash(path: string, ...parts: readonly Buffer[]): Buffer {
    this.#hashes += 1;
    for (const { length } of parts) this.#hashedBytes += length;
    if (this.#hashes > MAX_HASHES) {
      throw new NotTypedData(path, `is one of more than ${MAX_HASHES} things to hash`);
    }
    if (this.#hashedBytes > MAX_HASHED_BYTES) {
      throw new NotTypedData(path, `is part of more than ${MAX_HASHED_BYTES} bytes to hash`);
    }
    return keccak256(...parts);
  }

  #typeHash(name: string, path: string): Buffer {
    const known = this.#typeHashes.get(name);
    if (known) return known;
    const made = this.#hash(path, Buffer.from(this.#types.encodeType(name)));
    this.#typeHashes.set(name, made);
    return made;
  }

  #word(type: string, value: Json, path: string, depth: number): Buffer {
    const array = /^(.+)\[([0-9]*)\]$/.exec(type);
    if (array) {
      const [, element = '', size = ''] = array;
      return this.#array(element, size, value, path, depth + 1);
    }
    if (this.#types.has(type)) return this.struct(type, value, path, depth + 1);
    return this.#atom(type, value, path);
  }

  #array(element: string, size: string, value: Json, path: string, depth: number): Buffer {
    if (depth > MAX_DEPTH) throw new NotTypedData(path, `must not be deeper than ${MAX_DEPTH}`);
    if (!Array.isArray(value)) throw new NotTypedData(path, 'must be an array');
    if (size !== '' && value.length !== Number(size)) {
      throw new NotTypedData(path, `must have ${size} items`);
    }
    const words = value.map((item, at) => this.#word(element, item, `${path}[${at}]`, depth));
    return this.#hash(path, ...words);
  }

  /** A value that is no struct and no array, as a word of 32 bytes. */
  #atom(type: string, value: Json, path: string): Buffer {
    switch (type) {
      case 'string':
        return this.#hash(path, Buffer.from(textIn(value, path)));
      case 'bytes':
        return this.#hash(path, bytesIn(value, path));
      default:
        return wordFor(type, value, path);
    }
  }
}

/** A value of a size that its type has, as a word of 32 bytes. */
function wordFor(type: string, value: Json, path: string): Buffer {
  const [, kind = '', size = ''] = /^([a-z]+)([0-9]*)$/.exec(type) ?? [];
  switch (kind) {
    case 'uint':
    case 'int':
      return numberWord(kind === 'int', Number(size), value, path);
    case 'bytes':
      return bytesWord(size, value, path);
    case 'bool':
      return wordOf(booleanIn(value, path) ? 1n : 0n);
    default:
      return addressWord(value, path);
  }
}

function numberWord(isSigned: boolean, bits: number, value: Json, path: string): Buffer {
  const number = numberIn(value, path);
  const half = 2n ** BigInt(bits - 1);
  const [least, most] = isSigned ? [-half, half - 1n] : [0n, half * 2n - 1n];
  if (number < least || number > most) throw new NotTypedData(path, `must fit ${bits} bits`);
  return wordOf(BigInt.asUintN(256, number));
}

function numberIn(value: Json, path: string): bigint {
  const text = isNumber(value) ? value.digits : value;
  const isWhole =
    typeof text === 'string' && /^(-?(0|[1-9][0-9]{0,77})|0x[0-9a-fA-F]{1,64})$/.test(text);
  if (!isWhole) throw new NotTypedData(path, 'must be a whole number, in digits or as 0x and hex');
  return BigInt(text);
}

function isNumber(value: Json): value is { readonly digits: string } {
  return typeof value === 'object' && value !== null && 'digits' in value;
}

function bytesIn(value: Json, path: string): Buffer {
  const text = textIn(value, path);
  if (!/^0x([0-9a-fA-F]{2})*$/.test(text)) throw new NotTypedData(path, 'must be 0x and hex');
  return Buffer.from(text.slice(2), 'hex');
}

function bytesWord(size: string, value: Json, path: string): Buffer {
  const bytes = bytesIn(value, path);
  if (bytes.length !== Number(size)) throw new NotTypedData(path, `must have ${size} bytes`);
  return Buffer.concat([bytes, Buffer.alloc(32 - bytes.length)]);
}

function addressWord(value: Json, path: string): Buffer {
  const address = readAddress(textIn(value, path));
  if (!address) throw new NotTypedData(path, 'must be an address');
  return Buffer.concat([Buffer.alloc(12), address]);
}

function textIn(value: Json, path: string): string {
  // A half of a character could not be encoded in UTF-8.
  if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return value;
  throw new NotTypedData(path, 'must be a string');
}

function booleanIn(value: Json, path: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new NotTypedData(path, 'must be true or false');
}

function wordOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex');
}
