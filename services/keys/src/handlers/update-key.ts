import { invalid } from '@ramet/errors';
import type { UpdateKeyRequest, UpdateKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { KeyChange } from '../domain/key-life.js';
import { toKeyMessage } from '../key-messages.js';
import { actorOf, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'keyLife' | 'teams' | 'signingKeys' | 'drain'>;

const PATHS = [
  ...['name', 'labels', 'venue_key_id'],
  ...['valid_from', 'valid_until', 'default_key'],
] as const;

/** Changes what a request says of a key. Answers once what it ends has ended everywhere. */
export function updateKey(needs: Needs): Unary<UpdateKeyRequest, UpdateKeyResponse> {
  const { keys, keyLife, teams, signingKeys, drain } = needs;
  return async (request, { caller }) => {
    const { id, etag } = request;
    await requireKey(caller, await keys.find(id), id, teams);
    const change = changeIn(request);
    const key = await keyLife.update({ id, etag }, change, { actor: actorOf(caller) });
    signingKeys.drop(id);
    if ('validFrom' in change || 'validUntil' in change) await drain();
    return { key: toKeyMessage(key) };
  };
}

/** What a request changes: what its mask names, or without one what is set. */
function changeIn(request: UpdateKeyRequest): KeyChange {
  const { name, labels, venueKeyId, validFrom, validUntil, defaultKey } = request;
  const paths = pathsOf(request);
  if (paths.has('name') && name === '') {
    throw invalid({ field: 'name', description: 'is required' });
  }
  return {
    ...(paths.has('name') && { name }),
    ...(paths.has('labels') && { labels }),
    ...(paths.has('venue_key_id') && { venueKeyId }),
    ...(paths.has('valid_from') && { validFrom }),
    ...(paths.has('valid_until') && { validUntil }),
    ...(paths.has('default_key') && { isDefault: defaultKey }),
  };
}

function pathsOf(request: UpdateKeyRequest): ReadonlySet<string> {
  const { name, labels, venueKeyId, validFrom, validUntil, defaultKey, updateMask } = request;
  const isSet: Readonly<Record<string, boolean>> = {
    name: name !== '',
    labels: Object.keys(labels).length > 0,
    venue_key_id: venueKeyId !== '',
    valid_from: validFrom !== undefined,
    valid_until: validUntil !== undefined,
    default_key: defaultKey,
  };
  if (!updateMask || updateMask.length === 0) {
    return new Set(PATHS.filter((path) => isSet[path]));
  }
  if (updateMask.some((path) => !PATHS.some((known) => known === path))) {
    throw invalid({ field: 'update_mask', description: `has only ${PATHS.join(', ')}` });
  }
  return new Set(updateMask);
}
