import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Ids } from '@ramet/service';
import type { Algorithm } from '../domain/algorithm.js';
import type { Owner } from '../domain/owner.js';
import type { Envelope, Sealed } from './envelope.js';
import { lengthPrefixed } from './length-prefixed.js';

/** What the secret of a key is bound to: it opens for no other row. */
export interface SecretOf {
  readonly id: string;
  readonly version: number;
  readonly algorithm: Algorithm;
}

/** Seals the secrets of keys, and makes the digests that need a key of the service. */
export interface KeySealer {
  seal(of: SecretOf, secret: Buffer): Promise<Sealed>;
  /** The secret, for the caller to zero. */
  open(of: SecretOf, sealed: Sealed): Promise<Buffer>;
  /** What two keys of the same owner may not have in common. */
  fingerprint(owner: Owner, secret: Buffer): Buffer;
  /** What requests that carry a secret are told apart by. */
  readonly requestKey: Buffer;
}

/** The keys for digests, all made from one secret of the service. */
export interface DigestKeys {
  readonly payload: Buffer;
  readonly request: Buffer;
  readonly fingerprint: KeyObject;
}

const BYTES = 32;

/** Makes the sealer of keys. */
export function createKeySealer(envelope: Envelope, keys: DigestKeys): KeySealer {
  const identity = ({ id, version, algorithm }: SecretOf) => ['key', id, `${version}`, algorithm];
  return {
    requestKey: keys.request,
    seal: (of, secret) => envelope.seal(secret, identity(of)),
    open: (of, sealed) => envelope.open(sealed, identity(of)),
    fingerprint(owner, secret) {
      const parts = lengthPrefixed([owner.kind, owner.id, secret]);
      const digest = createHmac('sha256', keys.fingerprint).update(parts).digest();
      parts.fill(0);
      return digest;
    },
  };
}

const IDENTITY = ['service', 'digests'];

interface ServiceSecrets {
  ensureService(name: string, fresh: Sealed): Promise<Sealed>;
}

/**
 * Opens the secret that digests are keyed with, or makes it at the first start.
 *
 * Throws if it was sealed under another key-encryption key: then no secret of this database can be
 * opened, and it is better not to start.
 */
export async function openDigestKeys(
  envelope: Envelope,
  secrets: ServiceSecrets,
  ids: Ids,
): Promise<DigestKeys> {
  const fresh = await envelope.seal(ids.bytes(BYTES), IDENTITY);
  const stored = await secrets.ensureService('digests', fresh);
  const root = await envelope.open(stored, IDENTITY).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`KEK_FILE does not open the secrets of this database: ${why}`, { cause });
  });
  const derive = (info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `ramet keys: ${info}`, BYTES));
  const keys = {
    payload: derive('payload digests'),
    request: derive('request fingerprints'),
    fingerprint: createSecretKey(derive('secret fingerprints')),
  };
  root.fill(0);
  return keys;
}
