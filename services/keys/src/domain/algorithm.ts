/** What a key signs with. */
export type Algorithm = 'hmac_sha256' | 'hmac_sha512' | 'ed25519';

/** The kinds of algorithms: those of a kind take the same secrets. */
export type Family = 'hmac' | 'ed25519';

/** What there is to know of an algorithm. All of them are deterministic. */
export interface AlgorithmFacts {
  readonly family: Family;
  /** The hash of an HMAC, as OpenSSL calls it. */
  readonly hash: string;
  /** The size of a secret that the service makes. */
  readonly generatedBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** A deterministic algorithm gives a repeated request the same signature again. */
export const ALGORITHMS = {
  hmac_sha256: {
    family: 'hmac',
    hash: 'sha256',
    generatedBytes: 32,
    minBytes: 16,
    maxBytes: 1_024,
  },
  hmac_sha512: {
    family: 'hmac',
    hash: 'sha512',
    generatedBytes: 64,
    minBytes: 16,
    maxBytes: 1_024,
  },
  ed25519: { family: 'ed25519', hash: '', generatedBytes: 32, minBytes: 32, maxBytes: 32 },
} as const satisfies Record<Algorithm, AlgorithmFacts>;

const BLANK = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20]);

/** What is wrong with a secret for an HMAC, or undefined if it will do. */
export function problemOfHmacSecret(secret: Uint8Array, facts: AlgorithmFacts): string | undefined {
  const { minBytes, maxBytes } = facts;
  if (secret.length === 0) return 'must not be empty';
  if (secret.every((byte) => BLANK.has(byte))) return 'must not be blank';
  if (secret.length < minBytes || secret.length > maxBytes) {
    return `must have ${minBytes} to ${maxBytes} bytes`;
  }
  return undefined;
}
