import type { RequestId } from '@ramet/database';
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

/**
 * Gives a key a new version. The secret is sealed before anything is stored, and zeroed. Answers once
 * what the new version ends has ended everywhere, also to who asks again.
 */
export function rotateKey(needs: Needs): Unary<RotateKeyRequest, RotateKeyResponse> {
  const { keys, teams, signingKeys, drain } = needs;
  return async (request, { caller }) => {
    try {
      const { id } = request;
      const key = await requireKey(caller, await keys.find(id), id, teams);
      const identified = identify(request, RotateKeyRequest, caller, needs);
      const repeated = await keys.findCreated(identified);
      const rotated = repeated ?? (await rotate(key, request, identified, actorOf(caller), needs));
      signingKeys.drop(id);
      await drain();
      return { key: toKeyMessage(rotated) };
    } finally {
      forgetSecret(request);
    }
  };
}

/** Has the new version stored. */
async function rotate(
  key: Key,
  request: RotateKeyRequest,
  identified: RequestId,
  actor: string,
  needs: Needs,
): Promise<Key> {
  requireEtag(key, request.etag);
  const { venueKeyId } = request;
  const hasPassphrase = request.passphrase.length > 0;
  requireVenueCredential({ ...key, venueKeyId, hasPassphrase });
  requireVenueKeyId(key, request);
  const { id, algorithm, owner, venue } = key;
  const next = { id, version: key.version + 1, algorithm, owner, venue };
  const secret = await newSecret(request, next, needs);
  const overlapMs = millisecondsOf(request.overlap) ?? OVERLAP_MS;
  return needs.keyLife.rotate(key, { secret, overlapMs }, identified, { actor });
}

/** A venue that has a name for one version has another for the next. */
function requireVenueKeyId(key: Key, { venueKeyId }: RotateKeyRequest): void {
  if (key.venueKeyId === '' || venueKeyId !== '') return;
  throw invalid({ field: 'venue_key_id', description: 'is required: the version before has one' });
}
