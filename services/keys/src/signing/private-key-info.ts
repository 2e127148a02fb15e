import { readSequence, TAG } from './der.js';
import { decodePem } from './pem.js';

/** What is in PKCS8, in views of the bytes it was read from. */
export interface PrivateKeyInfo {
  /** The algorithm and its parameters, as DER. */
  readonly identifier: Buffer;
  /** The key, in the form that the algorithm has. */
  readonly key: Buffer;
  /** The public key that came with it, which nobody has compared yet. */
  readonly publicKey: Buffer | undefined;
}

/**
 * Reads one of the structures that keys are kept in, as DER or as PEM with a label, and zeroes what
 * it decoded. What `take` returns must be a copy. Undefined if the bytes are not exactly that.
 */
export function readLabelled<Result>(
  given: Buffer,
  label: string,
  take: (der: Buffer) => Result | undefined,
): Result | undefined {
  const pem = decodePem(given, label);
  try {
    return take(pem ?? given);
  } finally {
    pem?.fill(0);
  }
}

/** Reads PKCS8 (RFC 5208, and RFC 5958 with a public key), likewise. */
export function readPrivateKeyInfo<Result>(
  given: Buffer,
  take: (info: PrivateKeyInfo) => Result | undefined,
): Result | undefined {
  return readLabelled(given, 'PRIVATE KEY', (der) => {
    const info = privateKeyInfoIn(der);
    return info && take(info);
  });
}

function privateKeyInfoIn(der: Buffer): PrivateKeyInfo | undefined {
  const [version, algorithm, key, publicKey, ...more] = readSequence(der) ?? [];
  const isFramed =
    version?.tag === TAG.integer &&
    algorithm?.tag === TAG.sequence &&
    key?.tag === TAG.octetString &&
    more.length === 0;
  if (!isFramed) return undefined;
  const identifier = algorithm.content;
  if (!publicKey) {
    return isNumber(version.content, 0) ? { identifier, key: key.content, publicKey } : undefined;
  }
  const claimed = wholeBytes(publicKey.content);
  const isSecond =
    isNumber(version.content, 1) && publicKey.tag === TAG.primitiveContext(1) && claimed;
  return isSecond ? { identifier, key: key.content, publicKey: claimed } : undefined;
}

/** Tells whether the content of an integer is a number of one byte. */
export function isNumber(content: Buffer, number: number): boolean {
  return content.length === 1 && content[0] === number;
}

/** What is in a bit string of whole bytes. */
export function wholeBytes(bitString: Buffer): Buffer | undefined {
  return bitString[0] === 0 ? bitString.subarray(1) : undefined;
}
