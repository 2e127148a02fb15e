// Protocol buffers by hand: each field is a tag (its number and how it is written) and its value.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

export const EMPTY = Buffer.alloc(0);

function tag(number, kind) {
  return (number << 3) | kind;
}

/** Text or bytes as a field. Empty ones are not written. */
export function field(number, value) {
  return value.length === 0 ? EMPTY : tagged(number, Buffer.from(value));
}

/** Bytes as a field, even if there are none: a message that is there. */
export function tagged(number, bytes) {
  return Buffer.concat([Buffer.from([tag(number, BYTES)]), varint(bytes.length), bytes]);
}

/** True as a field. False is not written. */
export function flag(number, value) {
  return value ? Buffer.from([tag(number, VARINT), 1]) : EMPTY;
}

/** A number as a field, unless it is absent. */
export function double(number, value) {
  if (value === undefined) return EMPTY;
  const bytes = Buffer.alloc(9, tag(number, FIXED64));
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

/** The fields of a message: for each number the values in their order, numbers or bytes. */
export function decode(bytes) {
  const fields = {};
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const head = number();
    const [kind, name] = [head & 7, head >>> 3];
    const length = { [FIXED64]: 8, [FIXED32]: 4 }[kind] ?? (kind === BYTES ? number() : 0);
    const value = kind === VARINT ? number() : bytes.subarray(at, at + length);
    fields[name] ??= [];
    fields[name].push(value);
    at += length;
  }
  return fields;
}

/** The text of a field as decode() gives it: the last value counts. */
export function text(values) {
  const value = Array.isArray(values) ? values.at(-1) : values;
  return value === undefined ? '' : value.toString('utf8');
}
