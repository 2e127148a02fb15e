/** What a key signs with. */
export type Algorithm =
  | 'hmac_sha256'
  | 'hmac_sha384'
  | 'hmac_sha512'
  | 'ed25519'
  | 'ecdsa_p256'
  | 'ecdsa_secp256k1'
  | 'rsa_pkcs1_sha256'
  | 'rsa_pss_sha256';

/** What there is to know of an algorithm. */
export interface AlgorithmFacts {
  /** The kind of algorithm: those of a kind take the same secrets. */
  readonly family: 'hmac' | 'ed25519' | 'ecdsa' | 'rsa';
  /** Whether the same bytes give the same signature again. */
  readonly isDeterministic: boolean;
  /** The size of a digest that it signs in place of bytes. Undefined: it hashes by itself alone. */
  readonly digestBytes: number | undefined;
}

const HMAC = { family: 'hmac', isDeterministic: true, digestBytes: undefined } as const;
const ECDSA = { family: 'ecdsa', isDeterministic: true, digestBytes: 32 } as const;

/**
 * The algorithms. A deterministic one gives a repeated request the same signature again; RSA-PSS,
 * which takes a fresh salt each time, gives another one that is as good.
 */
export const ALGORITHMS = {
  hmac_sha256: HMAC,
  hmac_sha384: HMAC,
  hmac_sha512: HMAC,
  ed25519: { family: 'ed25519', isDeterministic: true, digestBytes: undefined },
  ecdsa_p256: ECDSA,
  ecdsa_secp256k1: ECDSA,
  rsa_pkcs1_sha256: { family: 'rsa', isDeterministic: true, digestBytes: 32 },
  rsa_pss_sha256: { family: 'rsa', isDeterministic: false, digestBytes: undefined },
} as const satisfies Record<Algorithm, AlgorithmFacts>;

const MIN_HMAC_BYTES = 16;
const MAX_HMAC_BYTES = 1_024;
const BLANK = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20]);

/** What is wrong with a secret for an HMAC, or undefined if it will do. */
export function problemOfHmacSecret(secret: Uint8Array): string | undefined {
  if (secret.length === 0) return 'must not be empty';
  if (secret.every((byte) => BLANK.has(byte))) return 'must not be blank';
  if (secret.length < MIN_HMAC_BYTES || secret.length > MAX_HMAC_BYTES) {
    return `must have ${MIN_HMAC_BYTES} to ${MAX_HMAC_BYTES} bytes`;
  }
  return undefined;
}

const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 4_096;
const MIN_RSA_EXPONENT = 65_537n;

/** What is wrong with the public half of an RSA key, or undefined if it will do. */
export function problemOfRsaKey(bits: number, exponent: bigint): string | undefined {
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return `must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`;
  }
  if (exponent < MIN_RSA_EXPONENT || exponent % 2n === 0n) {
    return `must have an odd exponent of at least ${MIN_RSA_EXPONENT}`;
  }
  return undefined;
}
