import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Ids } from '@ramet/service';
import type { Algorithm } from '../domain/algorithm.js';
import type { Owner } from '../domain/owner.js';
import type { Envelope, Identity, Sealed } from './envelope.js';
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
  readonly payload: KeyObject;
  /** To be zeroed once it is not used any more. */
  readonly request: Buffer;
  readonly fingerprint: KeyObject;
}

const BYTES = 32;

/** What the secret of a key, or of the service itself, is bound to. */
export const identityOf = {
  key: ({ id, version, algorithm }: SecretOf): Identity => ['key', id, `${version}`, algorithm],
  service: ({ name }: { readonly name: string }): Identity => ['service', name],
};

/** Makes the sealer of keys. It throws SEALED while the keys for digests are not there. */
export function createKeySealer(envelope: Envelope, keys: () => DigestKeys): KeySealer {
  return {
    get requestKey() {
      return keys().request;
    },
    seal: (of, secret) => envelope.seal(secret, identityOf.key(of)),
    open: (of, sealed) => envelope.open(sealed, identityOf.key(of)),
    fingerprint(owner, secret) {
      const parts = lengthPrefixed([owner.kind, owner.id, secret]);
      const digest = createHmac('sha256', keys().fingerprint).update(parts).digest();
      parts.fill(0);
      return digest;
    },
  };
}

const NAME = 'digests';

interface ServiceSecrets {
  findService(name: string): Promise<Sealed | undefined>;
  ensureService(name: string, fresh: Sealed): Promise<Sealed>;
}

/**
 * Opens the secret that digests are keyed with, or makes it at the first start.
 *
 * Throws if it does not open with the KEKs that are there: then no secret of this database does.
 */
export async function openDigestKeys(
  envelope: Envelope,
  secrets: ServiceSecrets,
  ids: Ids,
): Promise<DigestKeys> {
  const identity = identityOf.service({ name: NAME });
  const stored =
    (await secrets.findService(NAME)) ?? (await makeSecret(envelope, secrets, identity, ids));
  const root = await envelope.open(stored, identity);
  const derive = (info: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `ramet keys: ${info}`, BYTES));
  const keys = {
    payload: keyOf(derive('payload digests')),
    request: derive('request fingerprints'),
    fingerprint: keyOf(derive('secret fingerprints')),
  };
  root.fill(0);
  return keys;
}

async function makeSecret(
  envelope: Envelope,
  secrets: ServiceSecrets,
  identity: Identity,
  ids: Ids,
): Promise<Sealed> {
  const fresh = ids.bytes(BYTES);
  const sealed = await envelope.seal(fresh, identity);
  fresh.fill(0);
  return secrets.ensureService(NAME, sealed);
}

/** A key of these bytes, which are zeroed. */
function keyOf(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
