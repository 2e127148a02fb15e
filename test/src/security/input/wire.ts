import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Bytes of one field, with its tag. */
export type Field = Uint8Array;

/** A field of bytes or text. */
export function delimited(number: number, value: Uint8Array | string): Field {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}

/** A field of a number, a bool or an enum. */
export function varint(number: number, value: bigint): Field {
  return new BinaryWriter().tag(number, WireType.Varint).int64(value).finish();
}

/** A field of a number that is never negative. */
export function unsigned(number: number, value: bigint): Field {
  return new BinaryWriter().tag(number, WireType.Varint).uint64(value).finish();
}

/** A field of a double. */
export function double(number: number, value: number): Field {
  return new BinaryWriter().tag(number, WireType.Bit64).double(value).finish();
}

/**
 * A message with another value for one field: `path` are the numbers of the fields that lead to it,
 * `field` what stands there instead. Nothing is checked, so that the message may be wrong.
 */
export function replaced(message: Uint8Array, path: readonly number[], field: Field): Uint8Array {
  const [number, ...deeper] = path;
  if (number === undefined) return message;
  const { others, own } = split(message, number);
  const instead =
    deeper.length === 0
      ? field
      : delimited(number, replaced(own ?? new Uint8Array(), deeper, field));
  return joined([...others, instead]);
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

interface Split {
  readonly others: readonly Field[];
  /** The content of the field, if it is one of bytes. */
  readonly own: Uint8Array | undefined;
}

function split(message: Uint8Array, number: number): Split {
  const reader = new BinaryReader(message);
  const others: Field[] = [];
  let own: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [found, wireType] = reader.tag();
    const content = reader.skip(wireType, found);
    if (found !== number) others.push(message.slice(start, reader.pos));
    else if (wireType === WireType.LengthDelimited) own = new BinaryReader(content).bytes();
  }
  return { others, own };
}
