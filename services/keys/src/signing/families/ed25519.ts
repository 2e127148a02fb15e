import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readPrivateKeyInfo } from '../private-key-info.js';
import { type Family, type OpenedKey, requirePlain, requireVerified, unfit } from './family.js';
import { signInPool, verifyInPool } from './pool.js';

const SEED_BYTES = 32;
const NO_POINT = Buffer.alloc(0);

/** PKCS8 of an Ed25519 key up to its seed (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

/** What stands before the 32 bytes of a public key in SubjectPublicKeyInfo. */
const SPKI_HEAD_BYTES = 12;

/** The identifier in PKCS8, and what stands before the seed in it. */
const IDENTIFIER = Buffer.from('06032b6570', 'hex');
const SEED_HEAD = Buffer.from('0420', 'hex');

const EXPECTED =
  'must be the 32 bytes of a private key, alone or before those of its public key, or PKCS8 ' +
  '(DER or PEM) of an Ed25519 key';

/** Ed25519 (RFC 8032), pure: no digests. A secret is the 32 bytes of the private key. */
export const ED25519: Family = {
  generate: ({ ids }) => ids.bytes(SEED_BYTES),
  read(given) {
    const found =
      inRaw(given) ??
      readPrivateKeyInfo(given, ({ identifier, key, publicKey }) => {
        const isWhole =
          identifier.equals(IDENTIFIER) &&
          key.length === SEED_HEAD.length + SEED_BYTES &&
          key.subarray(0, SEED_HEAD.length).equals(SEED_HEAD);
        return isWhole ? withClaim(key.subarray(SEED_HEAD.length), publicKey) : undefined;
      });
    if (!found) throw unfit(EXPECTED);
    return found;
  },
  publicKeyOf: (secret) => spkiOf(privateKeyOf(secret)),
  open(secret): OpenedKey {
    const key = privateKeyOf(secret);
    return { secret: key, publicKey: createPublicKey(key), point: NO_POINT };
  },
  async sign(key, toSign) {
    requirePlain(toSign, 'Ed25519');
    const signature = await signInPool(null, toSign.bytes, { key: key.secret });
    if (!key.publicKey) throw new Error('an Ed25519 key was opened without its public key');
    const check = { key: { key: key.publicKey }, signature };
    requireVerified(await verifyInPool(null, toSign.bytes, check));
    return signature;
  },
};

/** A copy of the seed: given alone, or followed by its public key, as Solana and libsodium keep it. */
function inRaw(given: Buffer): Buffer | undefined {
  if (given.length === SEED_BYTES) return Buffer.from(given);
  if (given.length !== 2 * SEED_BYTES) return undefined;
  return withClaim(given.subarray(0, SEED_BYTES), given.subarray(SEED_BYTES));
}

/** A copy of the seed, unless a public key that came with it is not its own. */
function withClaim(seed: Buffer, publicKey: Buffer | undefined): Buffer | undefined {
  if (publicKey) {
    const own = spkiOf(privateKeyOf(seed)).subarray(SPKI_HEAD_BYTES);
    if (!own.equals(publicKey)) return undefined;
  }
  return Buffer.from(seed);
}

function privateKeyOf(seed: Buffer): KeyObject {
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function spkiOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}
