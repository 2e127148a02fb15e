import { invalid } from '@ramet/errors';
import { RotateKeyRequest, type RotateKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { type Key, requireEtag } from '../domain/key.js';
import { requireVenueCredential } from '../domain/schemes/venues.js';
import { toKeyMessage } from '../key-messages.js';
import { millisecondsOf } from '../messages.js';
import { actorOf, requireKey } from './caller.js';
import { forgetSecret, identify, newSecret } from './new-secret.js';

type Needs = Pick<Deps, 'keys' | 'keyLife' | 'teams' | 'sealer' | 'ids' | 'signingKeys' | 'drain'>;

const OVERLAP_MS = 3_600_000;

/** Gives a key a new version. The secret is sealed before anything is stored, and zeroed. */
export function rotateKey(needs: Needs): Unary<RotateKeyRequest, RotateKeyResponse> {
  const { keys, keyLife, teams, signingKeys, drain } = needs;
  return async (request, { caller }) => {
    try {
      const { id, etag, overlap } = request;
      const key = await requireKey(caller, await keys.find(id), id, teams);
      const identified = identify(request, RotateKeyRequest, caller, needs);
      const repeated = await keys.findCreated(identified);
      if (repeated) return { key: toKeyMessage(repeated) };

      requireEtag(key, etag);
      const { venueKeyId } = request;
      const hasPassphrase = request.passphrase.length > 0;
      requireVenueCredential({ ...key, venueKeyId, hasPassphrase });
      requireVenueKeyId(key, request);
      const { algorithm, owner, venue } = key;
      const next = { id, version: key.version + 1, algorithm, owner, venue };
      const secret = await newSecret(request, next, needs);
      const overlapMs = millisecondsOf(overlap) ?? OVERLAP_MS;
      const cause = { actor: actorOf(caller) };
      const rotated = await keyLife.rotate(key, { secret, overlapMs }, identified, cause);
      signingKeys.drop(id);
      await drain();
      return { key: toKeyMessage(rotated) };
    } finally {
      forgetSecret(request);
    }
  };
}

/** A venue that has a name for one version has another for the next. */
function requireVenueKeyId(key: Key, { venueKeyId }: RotateKeyRequest): void {
  if (key.venueKeyId === '' || venueKeyId !== '') return;
  throw invalid({ field: 'venue_key_id', description: 'is required: the version before has one' });
}
