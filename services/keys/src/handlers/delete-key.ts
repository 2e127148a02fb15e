import type { DeleteKeyRequest, DeleteKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toKeyMessage } from '../messages.js';
import { actorOf, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'teams' | 'signingKeys' | 'drain'>;

/** Deletes a key and destroys its secret. */
export function deleteKey(needs: Needs): Unary<DeleteKeyRequest, DeleteKeyResponse> {
  const { keys, teams, signingKeys, drain } = needs;
  return async ({ id, etag }, { caller }) => {
    await requireKey(caller, await keys.find(id), id, teams);
    const key = await keys.delete(id, etag, { actor: actorOf(caller) });
    signingKeys.drop(id);
    await drain();
    return { key: toKeyMessage(key) };
  };
}
