import { fingerprint, type RequestId } from '@ramet/database';
import { CreateKeyRequest, type CreateKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Caller, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner } from '../domain/access.js';
import type { Algorithm } from '../domain/algorithm.js';
import type { Owner } from '../domain/owner.js';
import { requireVenueCredential } from '../domain/schemes/venues.js';
import { algorithmOf, ownerOf, toKeyMessage } from '../messages.js';
import { importSecret, joinCredential } from '../signing/credential.js';
import { generateMaterial, identityOf, type Material } from '../signing/material.js';
import { actorOf, askerFor, required } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'sealer' | 'teams' | 'ids' | 'clock'>;

/** What every venue that takes RSA keys takes. */
const DEFAULT_RSA_BITS = 2_048;

/** Creates a key. The secret is sealed before anything is stored, and zeroed. */
export function createKey(needs: Needs): Unary<CreateKeyRequest, CreateKeyResponse> {
  const { keys, teams, clock } = needs;
  return async (request, { caller }) => {
    try {
      const owner = required(ownerOf(request.owner), 'owner');
      const algorithm = required(algorithmOf(request.algorithm), 'algorithm');
      requireOwner(await askerFor(caller, owner, teams), owner, 'keys.create');
      const { venue, venueKeyId, passphrase } = request;
      const hasPassphrase = passphrase.length > 0;
      requireVenueCredential({ venue, algorithm, venueKeyId, hasPassphrase });

      const identified = identify(request, caller, needs);
      const repeated = await keys.findCreated(identified);
      if (repeated) return { key: toKeyMessage(repeated) };

      const key = await newKey(request, owner, algorithm, needs);
      if (request.validateOnly) {
        await keys.checkNew(key);
        const now = clock.now();
        const times = { createdAt: now, updatedAt: now, deletedAt: undefined };
        return { key: toKeyMessage({ ...key, ...times, id: '', hold: undefined, seq: 1 }) };
      }
      const created = await keys.create(key, identified, { actor: actorOf(caller) });
      return { key: toKeyMessage(created) };
    } finally {
      request.passphrase.fill(0);
      if (request.material?.$case === 'secret') request.material.value.fill(0);
    }
  };
}

/** The request, told apart from others by a keyed digest: it may carry the secret. */
function identify(request: CreateKeyRequest, caller: Caller, { sealer }: Needs): RequestId {
  const encoded = CreateKeyRequest.encode({ ...request, requestId: '' }).finish();
  const digest = fingerprint(encoded, sealer.requestKey);
  encoded.fill(0);
  return { caller: actorOf(caller), requestId: request.requestId, fingerprint: digest };
}

async function newKey(
  request: CreateKeyRequest,
  owner: Owner,
  algorithm: Algorithm,
  { sealer, ids }: Needs,
) {
  const { name, venue, venueKeyId, labels, passphrase } = request;
  const id = ids.make('key');
  const version = 1;
  const material = await materialOf(request, algorithm, ids);
  const { secret, publicKey } = material;
  let credential: Buffer | undefined;
  try {
    credential = joinCredential(venue, secret, passphrase);
    return {
      ...{ id, owner, name, algorithm, venue, venueKeyId, publicKey, labels, version },
      origin: request.material?.$case === 'secret' ? ('imported' as const) : ('generated' as const),
      fingerprint: sealer.fingerprint(owner, identityOf(algorithm, material)),
      sealed: await sealer.seal({ id, version, algorithm }, credential),
    };
  } finally {
    secret.fill(0);
    credential?.fill(0);
  }
}

async function materialOf(
  { venue, material, claimedPublicKey }: CreateKeyRequest,
  algorithm: Algorithm,
  ids: Needs['ids'],
): Promise<Material> {
  const given = required(material, 'material');
  if (given.$case === 'secret') {
    return importSecret({ venue, algorithm, secret: given.value, claimedPublicKey });
  }
  const { rsaBits } = given.value;
  return generateMaterial(algorithm, { ids, rsaBits: rsaBits === 0 ? DEFAULT_RSA_BITS : rsaBits });
}
