/** What RLP encodes: bytes, or a list of such. */
export type Rlp = Uint8Array | readonly Rlp[];

const SHORT_BYTES = 0x80;
const SHORT_LIST = 0xc0;
const MAX_SHORT = 55;

/** How deep lists may be in one another. A transaction needs three. */
const MAX_DEPTH = 8;

/** Encodes in RLP (Ethereum's Yellow Paper, appendix B). */
export function encodeRlp(item: Rlp): Buffer {
  if (isBytes(item)) {
    const [first = SHORT_BYTES] = item;
    if (item.length === 1 && first < SHORT_BYTES) return Buffer.from(item);
    return Buffer.concat([headOf(SHORT_BYTES, item.length), item]);
  }
  const body = Buffer.concat(item.map(encodeRlp));
  return Buffer.concat([headOf(SHORT_LIST, body.length), body]);
}

/** A number as RLP has it: big-endian, without zeros in front, nothing for zero. */
export function rlpNumber(value: bigint): Buffer {
  if (value === 0n) return Buffer.alloc(0);
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

/** Decodes bytes that are exactly one item, each part in its shortest form; undefined otherwise. */
export function decodeRlp(bytes: Buffer): Rlp | undefined {
  const read = readItem(bytes, 0);
  return read?.rest.length === 0 ? read.item : undefined;
}

interface Read {
  readonly item: Rlp;
  readonly rest: Buffer;
}

function readItem(bytes: Buffer, depth: number): Read | undefined {
  const [first] = bytes;
  if (first === undefined || depth > MAX_DEPTH) return undefined;
  if (first < SHORT_BYTES) return { item: bytes.subarray(0, 1), rest: bytes.subarray(1) };
  const isList = first >= SHORT_LIST;
  const split = splitAt(bytes, first - (isList ? SHORT_LIST : SHORT_BYTES));
  if (!split) return undefined;
  const { body, rest } = split;
  if (!isList)
    return body.length === 1 && (body[0] ?? 0) < SHORT_BYTES ? undefined : { item: body, rest };
  const items = readItems(body, depth + 1);
  return items && { item: items, rest };
}

function readItems(body: Buffer, depth: number): readonly Rlp[] | undefined {
  const items: Rlp[] = [];
  for (let left = body; left.length > 0; ) {
    const read = readItem(left, depth);
    if (!read) return undefined;
    items.push(read.item);
    left = read.rest;
  }
  return items;
}

/** Parts the body of an item from what follows it, given what its first byte says of its size. */
function splitAt(bytes: Buffer, code: number) {
  const sizeBytes = Math.max(0, code - MAX_SHORT);
  if (sizeBytes > 4 || bytes.length < 1 + sizeBytes) return undefined;
  const size = sizeBytes === 0 ? code : bytes.readUIntBE(1, sizeBytes);
  const isShortest = sizeBytes === 0 || (bytes[1] !== 0 && size > MAX_SHORT);
  const end = 1 + sizeBytes + size;
  if (!isShortest || bytes.length < end) return undefined;
  return { body: bytes.subarray(1 + sizeBytes, end), rest: bytes.subarray(end) };
}

function headOf(base: number, size: number): Buffer {
  if (size <= MAX_SHORT) return Buffer.from([base + size]);
  const sizeBytes = rlpNumber(BigInt(size));
  return Buffer.concat([Buffer.from([base + MAX_SHORT + sizeBytes.length]), sizeBytes]);
}

/** Whether it is bytes, and not a list. */
export function isBytes(item: Rlp): item is Uint8Array {
  return item instanceof Uint8Array;
}
