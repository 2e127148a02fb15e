/** One value of DER (X.690): its tag, and a view of what is in it. */
export interface Value {
  readonly tag: number;
  readonly content: Buffer;
}

/** The tags that keys are made of. */
export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  sequence: 0x30,
  /** The optional parts of a structure, by their number: holding a value, or in place of one. */
  context: (number: number) => 0xa0 + number,
  primitiveContext: (number: number) => 0x80 + number,
} as const;

/**
 * The values that bytes consist of. Undefined if the bytes are not exactly that: every length is
 * definite and as short as can be, and nothing is left over.
 */
export function readValues(bytes: Buffer): readonly Value[] | undefined {
  const values: Value[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = readLength(bytes, at + 1);
    const tag = bytes[at];
    if (!length || tag === undefined || (tag & 0x1f) === 0x1f) return undefined;
    const end = length.end + length.value;
    if (end > bytes.length) return undefined;
    values.push({ tag, content: bytes.subarray(length.end, end) });
    at = end;
  }
  return values;
}

/** The values in a sequence that bytes consist of. Undefined if they are anything else. */
export function readSequence(bytes: Buffer): readonly Value[] | undefined {
  const [sequence, ...more] = readValues(bytes) ?? [];
  if (sequence?.tag !== TAG.sequence || more.length > 0) return undefined;
  return readValues(sequence.content);
}

/** Makes a value of up to 65,535 bytes. */
export function writeValue(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(length)]), ...contents]);
}

/** Makes the integer of big-endian bytes without a sign. */
export function writeInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? Buffer.alloc(1) : Buffer.alloc(0);
  return writeValue(TAG.integer, sign, digits);
}

function readLength(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { value: first, end: at + 1 };
  const count = first - 0x80;
  if (count < 1 || count > 2 || at + 1 + count > bytes.length) return undefined;
  const value = bytes.readUIntBE(at + 1, count);
  const isShortest = value >= (count === 1 ? 0x80 : 0x100);
  return isShortest ? { value, end: at + 1 + count } : undefined;
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >> 8, length & 0xff];
}
