import { fingerprint, type RequestId } from '@ramet/database';
import { invalid } from '@ramet/errors';
import type { CreateKeyRequest } from '@ramet/proto-gen/keys.v1';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Key } from '../domain/key.js';
import type { SealedSecret } from '../sealing/sealed-secret.js';
import { importSecret, joinCredential } from '../signing/credential.js';
import { generateMaterial, identityOf, type Material } from '../signing/material.js';
import { actorOf, required } from './caller.js';

type Needs = Pick<Deps, 'sealer' | 'ids'>;

/** The part of a request that tells of a secret. */
export type SecretRequest = Pick<
  CreateKeyRequest,
  'requestId' | 'material' | 'claimedPublicKey' | 'venueKeyId' | 'passphrase'
>;

/** What every venue that takes RSA keys takes. */
const DEFAULT_RSA_BITS = 2_048;

const NONE = Buffer.alloc(0);

/** Makes the secret that a request tells of, or takes it, and seals it for a version of a key. */
export async function newSecret(
  request: SecretRequest,
  { owner, venue, ...of }: Pick<Key, 'id' | 'version' | 'algorithm' | 'owner' | 'venue'>,
  { sealer, ids }: Needs,
): Promise<SealedSecret> {
  const material = await materialOf(request, { venue, algorithm: of.algorithm }, ids);
  let credential: Buffer | undefined;
  try {
    credential = joinCredential(venue, material.secret, request.passphrase);
    return {
      origin: request.material?.$case === 'secret' ? 'imported' : 'generated',
      publicKey: material.publicKey,
      venueKeyId: request.venueKeyId,
      fingerprint: sealer.fingerprint(owner, identityOf(of.algorithm, material)),
      sealed: await sealer.seal(of, credential),
    };
  } finally {
    material.secret.fill(0);
    credential?.fill(0);
  }
}

/** The part of a secret that a check without effect can tell. */
export type CheckedSecret = Omit<SealedSecret, 'sealed' | 'fingerprint'> & {
  /** Undefined for a secret that would be made: no key has it. */
  readonly fingerprint: Buffer | undefined;
};

/** Checks the secret that a request brings. None is made, as that can take long, and none is sealed. */
export async function checkSecret(
  request: SecretRequest,
  { owner, venue, algorithm }: Pick<Key, 'owner' | 'venue' | 'algorithm'>,
  { sealer, ids }: Needs,
): Promise<CheckedSecret> {
  const { venueKeyId, passphrase } = request;
  if (request.material?.$case === 'generate') {
    requireNoClaim(request.claimedPublicKey);
    joinCredential(venue, NONE, passphrase);
    return { origin: 'generated', publicKey: NONE, venueKeyId, fingerprint: undefined };
  }
  const material = await materialOf(request, { venue, algorithm }, ids);
  try {
    joinCredential(venue, material.secret, passphrase).fill(0);
    const { publicKey } = material;
    const fingerprint = sealer.fingerprint(owner, identityOf(algorithm, material));
    return { origin: 'imported', publicKey, venueKeyId, fingerprint };
  } finally {
    material.secret.fill(0);
  }
}

/** A request, told apart from others by a keyed digest: it may carry the secret. */
export function identify<Request extends SecretRequest>(
  request: Request,
  codec: { encode(message: Request): { finish(): Uint8Array } },
  caller: Caller,
  { sealer }: Needs,
): RequestId {
  const encoded = codec.encode({ ...request, requestId: '' }).finish();
  const digest = fingerprint(encoded, sealer.requestKey);
  encoded.fill(0);
  return { caller: actorOf(caller), requestId: request.requestId, fingerprint: digest };
}

/** Zeroes the secret that a request carries, if it does. */
export function forgetSecret({ material, passphrase }: SecretRequest): void {
  passphrase.fill(0);
  if (material?.$case === 'secret') material.value.fill(0);
}

/** Throws REQUEST_INVALID if a public key is named for a secret that is made: nobody can know it before. */
function requireNoClaim(claimedPublicKey: Buffer): void {
  if (claimedPublicKey.length === 0) return;
  const description = 'must be empty for a secret that the service makes';
  throw invalid({ field: 'claimed_public_key', description });
}

async function materialOf(
  { material, claimedPublicKey }: SecretRequest,
  { venue, algorithm }: Pick<Key, 'venue' | 'algorithm'>,
  ids: Needs['ids'],
): Promise<Material> {
  const given = required(material, 'material');
  if (given.$case === 'secret') {
    return importSecret({ venue, algorithm, secret: given.value, claimedPublicKey });
  }
  requireNoClaim(claimedPublicKey);
  const { rsaBits } = given.value;
  return generateMaterial(algorithm, { ids, rsaBits: rsaBits === 0 ? DEFAULT_RSA_BITS : rsaBits });
}
