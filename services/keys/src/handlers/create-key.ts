import { CreateKeyRequest, type CreateKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { requireOwner } from '../domain/access.js';
import type { Algorithm } from '../domain/algorithm.js';
import { createdOf, type NewKey, requireValidity } from '../domain/key.js';
import type { NewVersion } from '../domain/key-life.js';
import type { Owner } from '../domain/owner.js';
import { requireVenueCredential } from '../domain/schemes/venues.js';
import { requireTerms } from '../domain/terms.js';
import { algorithmOf, toKeyMessage } from '../key-messages.js';
import { ownerOf } from '../messages.js';
import { actorOf, askerFor, required } from './caller.js';
import { checkSecret, forgetSecret, identify, newSecret } from './new-secret.js';

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

      const fresh = newKey(request, owner, algorithm, needs);
      if (request.validateOnly) {
        const key = { ...fresh, ...(await checkSecret(request, fresh, needs)) };
        await keys.checkNew(key);
        return { key: toKeyMessage(createdOf({ ...key, id: '' }, clock.now())) };
      }
      const secret = await newSecret(request, { ...fresh, version: 1 }, needs);
      const actor = actorOf(caller);
      const created = await keys.create({ ...fresh, ...secret }, identified, { actor });
      return { key: toKeyMessage(created) };
    } finally {
      forgetSecret(request);
    }
  };
}

/** The key of a request, but for its secret. */
function newKey(
  request: CreateKeyRequest,
  owner: Owner,
  algorithm: Algorithm,
  { ids }: Needs,
): Omit<NewKey, keyof NewVersion> {
  const { name, venue, labels, validFrom, validUntil, defaultKey, acceptTerms } = request;
  return {
    ...{ id: ids.make('key'), owner, name, algorithm, venue, labels, validFrom, validUntil },
    ...{ isDefault: defaultKey, acceptedTerms: acceptTerms },
  };
}
