const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const PADDING = 0x3d;

/** What no digit stands for. */
const NONE = 0xff;
const VALUES = Buffer.alloc(256, NONE);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;

/**
 * Decodes one PEM block (RFC 7468), for the caller to zero. Undefined if the bytes are not exactly
 * that: nothing before, nothing after but a line end, no character that is not base64.
 *
 * It reads bytes and makes no string, as strings cannot be zeroed.
 */
export function decodePem(bytes: Buffer, label: string): Buffer | undefined {
  const head = Buffer.from(`-----BEGIN ${label}-----`);
  const tail = Buffer.from(`-----END ${label}-----`);
  const end = withoutLineEnd(bytes);
  const isBlock =
    bytes.subarray(0, head.length).equals(head) &&
    end >= head.length + tail.length &&
    bytes.subarray(end - tail.length, end).equals(tail);
  return isBlock ? decodeBase64(bytes.subarray(head.length, end - tail.length)) : undefined;
}

function withoutLineEnd(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && isLineEnd(bytes[end - 1])) end -= 1;
  return end;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN;
}

/**
 * Decodes base64, for the caller to zero. Undefined unless it is whole groups of four, padded only at
 * the end, with no bit set that is not read; between them may be line ends.
 */
export function decodeBase64(text: Buffer): Buffer | undefined {
  const digits = Buffer.alloc(text.length);
  let count = 0;
  let padding = 0;
  let isBase64 = true;
  for (const byte of text) {
    if (isLineEnd(byte)) continue;
    const value = VALUES[byte] ?? NONE;
    isBase64 &&= byte === PADDING || (value !== NONE && padding === 0);
    if (byte === PADDING) padding += 1;
    digits[count] = value;
    count += 1;
  }
  const isWhole = isBase64 && count > 0 && count % 4 === 0 && padding <= 2;
  const decoded = isWhole ? join(digits.subarray(0, count - padding)) : undefined;
  digits.fill(0);
  return decoded;
}

/** Encodes as base64, for the caller to zero. */
export function encodeBase64(bytes: Buffer): Buffer {
  const text = Buffer.alloc(Math.ceil(bytes.length / 3) * 4, PADDING);
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const left = Math.min(3, bytes.length - at);
    const group = bytes.readUIntBE(at, left) << (8 * (3 - left));
    for (let digit = 0; digit <= left; digit += 1) {
      text[to + digit] = DIGITS[(group >> (18 - 6 * digit)) & 0x3f] ?? PADDING;
    }
  }
  return text;
}

/** Joins digits of 6 bits to bytes. Undefined if a bit is left over. */
function join(digits: Buffer): Buffer | undefined {
  const bytes = Buffer.alloc(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let pending = 0;
  let at = 0;
  for (const digit of digits) {
    pending = ((pending << 6) | digit) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (pending >> bits) & 0xff;
    at += 1;
  }
  if ((pending & ((1 << bits) - 1)) === 0) return bytes;
  bytes.fill(0);
  return undefined;
}
