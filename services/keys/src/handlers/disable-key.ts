import type { DisableKeyRequest, DisableKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toKeyMessage } from '../key-messages.js';
import { actorOf, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'keyLife' | 'teams' | 'signingKeys' | 'drain'>;

/** Ends signing with a key, and answers once no signature of it can come any more. */
export function disableKey(needs: Needs): Unary<DisableKeyRequest, DisableKeyResponse> {
  const { keys, keyLife, teams, signingKeys, drain } = needs;
  return async ({ id, etag }, { caller }) => {
    await requireKey(caller, await keys.find(id), id, teams);
    const key = await keyLife.disable({ id, etag }, { actor: actorOf(caller) });
    signingKeys.drop(id);
    await drain();
    return { key: toKeyMessage(key) };
  };
}
