import {
  KeyAlgorithm,
  type Key as KeyMessage,
  KeyOrigin,
  KeyState,
  type KeyVersion as KeyVersionMessage,
} from '@ramet/proto-gen/keys.v1';
import type { Algorithm } from './domain/algorithm.js';
import {
  etagOf,
  type Key,
  type KeyVersion,
  type KeyState as State,
  stateOf,
} from './domain/key.js';
import { addressOf } from './domain/schemes/address.js';
import { toOwnerMessage } from './messages.js';

const ALGORITHM = {
  hmac_sha256: KeyAlgorithm.HMAC_SHA256,
  hmac_sha512: KeyAlgorithm.HMAC_SHA512,
  ed25519: KeyAlgorithm.ED25519,
  hmac_sha384: KeyAlgorithm.HMAC_SHA384,
  ecdsa_p256: KeyAlgorithm.ECDSA_P256,
  ecdsa_secp256k1: KeyAlgorithm.ECDSA_SECP256K1,
  rsa_pkcs1_sha256: KeyAlgorithm.RSA_PKCS1_SHA256,
  rsa_pss_sha256: KeyAlgorithm.RSA_PSS_SHA256,
} as const satisfies Record<Algorithm, KeyAlgorithm>;

const ALGORITHM_OF = {
  [KeyAlgorithm.UNSPECIFIED]: undefined,
  [KeyAlgorithm.HMAC_SHA256]: 'hmac_sha256',
  [KeyAlgorithm.HMAC_SHA512]: 'hmac_sha512',
  [KeyAlgorithm.ED25519]: 'ed25519',
  [KeyAlgorithm.HMAC_SHA384]: 'hmac_sha384',
  [KeyAlgorithm.ECDSA_P256]: 'ecdsa_p256',
  [KeyAlgorithm.ECDSA_SECP256K1]: 'ecdsa_secp256k1',
  [KeyAlgorithm.RSA_PKCS1_SHA256]: 'rsa_pkcs1_sha256',
  [KeyAlgorithm.RSA_PSS_SHA256]: 'rsa_pss_sha256',
} as const satisfies Record<KeyAlgorithm, Algorithm | undefined>;

const ORIGIN = {
  generated: KeyOrigin.GENERATED,
  imported: KeyOrigin.IMPORTED,
} as const satisfies Record<KeyVersion['origin'], KeyOrigin>;

const STATE = {
  enabled: KeyState.ENABLED,
  disabled: KeyState.DISABLED,
  pending_deletion: KeyState.PENDING_DELETION,
  destroyed: KeyState.DESTROYED,
} as const satisfies Record<State, KeyState>;

/** A key on the wire. There is no field for its secret. */
export function toKeyMessage(key: Key): KeyMessage {
  const { hold } = key;
  return {
    id: key.id,
    owner: toOwnerMessage(key.owner),
    name: key.name,
    algorithm: ALGORITHM[key.algorithm],
    venue: key.venue,
    venueKeyId: key.venueKeyId,
    publicKey: key.publicKey,
    origin: ORIGIN[key.origin],
    hold: hold && { cloneId: hold.cloneId, createTime: hold.createdAt },
    createTime: key.createdAt,
    updateTime: key.updatedAt,
    deleteTime: key.deletedAt,
    etag: etagOf(key),
    labels: { ...key.labels },
    state: STATE[stateOf(key)],
    versions: key.versions.map((each) => toVersionMessage(key.algorithm, each)),
    validFrom: key.validFrom,
    validUntil: key.validUntil,
    defaultKey: key.isDefault,
    acceptedTerms: key.acceptedTerms,
    purgeTime: key.purgeAt,
    address: addressOf(key.algorithm, key.publicKey),
  };
}

function toVersionMessage(algorithm: Algorithm, version: KeyVersion): KeyVersionMessage {
  const { number, origin, publicKey, venueKeyId, createdAt, retireAt, destroyedAt } = version;
  return {
    ...{ number, publicKey, venueKeyId, origin: ORIGIN[origin] },
    address: addressOf(algorithm, publicKey),
    ...{ createTime: createdAt, retireTime: retireAt, destroyTime: destroyedAt },
  };
}

/** The algorithm in a message, or undefined if it is not given. */
export function algorithmOf(message: KeyAlgorithm): Algorithm | undefined {
  return ALGORITHM_OF[message];
}
