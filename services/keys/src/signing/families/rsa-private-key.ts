import { readSequence, TAG, writeValue } from '../der.js';
import { isNumber } from '../private-key-info.js';

/** The integers in an RSAPrivateKey of two primes (RFC 8017, appendix A.1.2), in their order. */
const PARTS = ['version', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qInv'] as const;

type Part = (typeof PARTS)[number];
type Parts = Readonly<Record<Part, Buffer>>;

/** By how many bytes a prime may be longer than half of the modulus: a sign, and uneven primes. */
const UNEVEN_BYTES = 9;

const ONE = Buffer.of(1);

/** A copy of an RSAPrivateKey of two primes, if the bytes are one and no part is oversized. */
export function copyIfPkcs1(der: Buffer): Buffer | undefined {
  const parts = partsIn(der);
  return parts && isNumber(parts.version, 0) && areBounded(parts) ? Buffer.from(der) : undefined;
}

/**
 * Tells whether the private parts of a key fit its public ones: the exponent, and what the primes
 * make shorter, each without the other.
 *
 * OpenSSL signs with the primes, and with the exponent if that comes out wrong: of a key of which
 * either is wrong every signature would be right, but slow, or only for as long as OpenSSL does so.
 * Each is tried beside a one in place of the other.
 */
export function isSound(der: Buffer, signs: (der: Buffer) => boolean): boolean {
  const parts = partsIn(der);
  if (!parts) return false;
  return [{ d: ONE }, { dp: ONE }].every((other) => {
    const alone = written({ ...parts, ...other });
    try {
      return signs(alone);
    } finally {
      alone.fill(0);
    }
  });
}

/** Views of the parts. Undefined if the bytes are not exactly positive integers, as many as it has. */
function partsIn(der: Buffer): Parts | undefined {
  const values = readSequence(der) ?? [];
  const areIntegers = values.every(
    ({ tag, content }) => tag === TAG.integer && isPositive(content),
  );
  if (values.length !== PARTS.length || !areIntegers) return undefined;
  return Object.fromEntries(
    PARTS.map((part, at) => [part, values[at]?.content ?? ONE]),
  ) as unknown as Parts;
}

/** Tells whether an integer is not negative and as short as it can be. */
function isPositive(content: Buffer): boolean {
  const [first, second = 0xff] = content;
  return first !== undefined && first < 0x80 && (first !== 0 || second >= 0x80);
}

/** A part that is longer than it can be would make every signature of the key take seconds. */
function areBounded({ n, e, d, p, q, dp, dq, qInv }: Parts): boolean {
  const half = n.length / 2 + UNEVEN_BYTES;
  const most = (parts: readonly Buffer[], bytes: number) =>
    parts.every(({ length }) => length <= bytes);
  return most([e, d], n.length) && most([p, q, dp, dq, qInv], half);
}

function written(parts: Parts): Buffer {
  const integers = PARTS.map((part) => writeValue(TAG.integer, parts[part]));
  const der = writeValue(TAG.sequence, ...integers);
  for (const integer of integers) integer.fill(0);
  return der;
}
