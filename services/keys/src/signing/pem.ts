const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

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

/** Strict: whole groups of four, without padding: what is read here has a multiple of 3 bytes. */
function decodeBase64(text: Buffer): Buffer | undefined {
  const digits = Buffer.alloc(text.length);
  let count = 0;
  let isBase64 = true;
  for (const byte of text) {
    if (isLineEnd(byte)) continue;
    const digit = DIGITS.indexOf(byte);
    isBase64 &&= digit >= 0;
    digits[count] = Math.max(digit, 0);
    count += 1;
  }
  const decoded = isBase64 && count % 4 === 0 ? join(digits.subarray(0, count)) : undefined;
  digits.fill(0);
  return decoded;
}

function join(digits: Buffer): Buffer {
  const bytes = Buffer.alloc((digits.length / 4) * 3);
  for (let group = 0; group * 4 < digits.length; group += 1) {
    const four = digits.subarray(group * 4, group * 4 + 4);
    const value = four.reduce((before, digit) => before * 64 + digit, 0);
    bytes.writeUIntBE(value, group * 3, 3);
  }
  return bytes;
}
