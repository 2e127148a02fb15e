import { createHash, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { RecoveryIdType } from 'tiny-secp256k1';
import type { ToSign } from '../../domain/scheme.js';
import { TAG, writeInteger, writeValue } from '../der.js';
import { type Curve, isScalar, P256, pointOf, SCALAR_BYTES, SECP256K1 } from './curve.js';
import { readEcPrivateKey } from './ec-private-key.js';
import { type Family, type OpenedKey, requireVerified, unfit } from './family.js';
import { P256_SIGNER } from './p256.js';
import { SECP256K1_SIGNER } from './secp256k1.js';

/** A signature over a digest: both halves, and which of the points it could be of is the key's. */
export interface EcSignature {
  readonly compact: Buffer;
  readonly recoveryId: RecoveryIdType;
}

/** A digest that is signed, and what it is the SHA-256 of, if it is known to be that. */
export interface Digested {
  readonly digest: Buffer;
  readonly message: Buffer | undefined;
}

/** Signs digests on one curve. */
export interface DigestSigner {
  /** Signs deterministically (RFC 6979), with the lower of both S. */
  sign(digest: Buffer, scalar: Buffer): EcSignature;
  verify(signature: EcSignature, of: Digested, key: OpenedKey): boolean | Promise<boolean>;
}

const DIGEST_BYTES = 32;

/** ECDSA over P-256. */
export const ECDSA_P256: Family = ecdsa(P256, 'P-256', P256_SIGNER);

/** ECDSA over secp256k1. */
export const ECDSA_SECP256K1: Family = ecdsa(SECP256K1, 'secp256k1', SECP256K1_SIGNER);

/** ECDSA with SHA-256 if nothing else is asked. A secret is the private key as 32 bytes. */
function ecdsa(curve: Curve, called: string, signer: DigestSigner): Family {
  return {
    generate({ ids }) {
      const scalar = ids.bytes(SCALAR_BYTES);
      while (!isScalar(curve, scalar)) ids.bytes(SCALAR_BYTES).copy(scalar);
      return scalar;
    },
    read(given) {
      const scalar = readEcPrivateKey(curve, given);
      if (scalar) return scalar;
      const forms = `the 32 bytes of a private key, SEC 1 or PKCS8 (DER or PEM) of ${called}`;
      throw unfit(`must be ${forms}, with no public key but its own`);
    },
    publicKeyOf: (secret) => spkiOf(curve, secret),
    open(secret): OpenedKey {
      const spki = spkiOf(curve, secret);
      const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      const point = spki.subarray(curve.spkiHead.length);
      return { secret: createSecretKey(secret), publicKey, point };
    },
    sign(key, toSign) {
      const of = digested(toSign);
      const signed = withExported(key.secret, (scalar) => signer.sign(of.digest, scalar));
      const verified = signer.verify(signed, of, key);
      const finish = (isVerified: boolean): Buffer => {
        requireVerified(isVerified);
        return encoded(signed, toSign.encoding);
      };
      return verified instanceof Promise ? verified.then(finish) : finish(verified);
    },
  };
}

function spkiOf(curve: Curve, scalar: Buffer): Buffer {
  return Buffer.concat([curve.spkiHead, pointOf(curve, scalar)]);
}

function digested({ bytes, hash }: ToSign): Digested {
  switch (hash) {
    case 'algorithm':
    case 'sha256':
      return { digest: createHash('sha256').update(bytes).digest(), message: bytes };
    case 'keccak256':
      return { digest: Buffer.from(keccak_256(bytes)), message: undefined };
    case 'none':
      if (bytes.length === DIGEST_BYTES) return { digest: bytes, message: undefined };
      throw new Error(`a digest has ${DIGEST_BYTES} bytes, not ${bytes.length}`);
  }
}

function withExported<Result>(key: KeyObject, use: (secret: Buffer) => Result): Result {
  const secret = key.export();
  try {
    return use(secret);
  } finally {
    secret.fill(0);
  }
}

function encoded({ compact, recoveryId }: EcSignature, encoding: ToSign['encoding']): Buffer {
  switch (encoding) {
    case 'compact':
      return compact;
    case 'recoverable':
      // Two and three are for an R that was reduced: once in 2^127 times, and no verifier takes them.
      if (recoveryId > 1) throw new Error('a signature whose R is above the order of the curve');
      return Buffer.concat([compact, Buffer.from([recoveryId])]);
    case 'plain':
    case 'der':
      return writeValue(
        TAG.sequence,
        writeInteger(compact.subarray(0, SCALAR_BYTES)),
        writeInteger(compact.subarray(SCALAR_BYTES)),
      );
  }
}
