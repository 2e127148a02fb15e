import { CreateKeyRequest, type CreateKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner } from '../domain/access.js';
import type { Algorithm } from '../domain/algorithm.js';
import { createdOf, type NewKey, requireValidity } from '../domain/key.js';
import type { Owner } from '../domain/owner.js';
import { requireVenueCredential } from '../domain/schemes/venues.js';
import { requireTerms } from '../domain/terms.js';
import { algorithmOf, toKeyMessage } from '../key-messages.js';
import { ownerOf } from '../messages.js';
import type { SealedKey } from '../sealing/sealed-secret.js';
import { actorOf, askerFor, required } from './caller.js';
import { forgetSecret, identify, newSecret } from './new-secret.js';

type Needs = Pick<Deps, 'keys' | 'sealer' | 'teams' | 'ids' | 'clock' | 'venueTerms'>;

/** Creates a key. The secret is sealed before anything is stored, and zeroed. */
export function createKey(needs: Needs): Unary<CreateKeyRequest, CreateKeyResponse> {
  const { keys, teams, clock, venueTerms } = needs;
  return async (request, { caller }) => {
    try {
      const owner = required(ownerOf(request.owner), 'owner');
      const algorithm = required(algorithmOf(request.algorithm), 'algorithm');
      requireOwner(await askerFor(caller, owner, teams), owner, 'keys.create');
      const { venue, venueKeyId, passphrase } = request;
      const hasPassphrase = passphrase.length > 0;
      requireVenueCredential({ venue, algorithm, venueKeyId, hasPassphrase });
      requireTerms(venue, request.acceptTerms, venueTerms);
      requireValidity(request);

      const identified = identify(request, CreateKeyRequest, caller, needs);
      const repeated = await keys.findCreated(identified);
      if (repeated) return { key: toKeyMessage(repeated) };

      const key = await newKey(request, owner, algorithm, needs);
      if (request.validateOnly) {
        await keys.checkNew(key);
        return { key: toKeyMessage(createdOf({ ...key, id: '' }, clock.now())) };
      }
      const created = await keys.create(key, identified, { actor: actorOf(caller) });
      return { key: toKeyMessage(created) };
    } finally {
      forgetSecret(request);
    }
  };
}

async function newKey(
  request: CreateKeyRequest,
  owner: Owner,
  algorithm: Algorithm,
  needs: Needs,
): Promise<SealedKey> {
  const { name, venue, labels, validFrom, validUntil, defaultKey, acceptTerms } = request;
  const id = needs.ids.make('key');
  const key: Omit<NewKey, 'origin' | 'publicKey' | 'venueKeyId'> = {
    ...{ id, owner, name, algorithm, venue, labels, validFrom, validUntil },
    ...{ isDefault: defaultKey, acceptedTerms: acceptTerms },
  };
  return {
    ...key,
    ...(await newSecret(request, { id, version: 1, algorithm, owner, venue }, needs)),
  };
}
