import type { UndeleteKeyRequest, UndeleteKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toKeyMessage } from '../key-messages.js';
import { actorOf, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'keyLife' | 'teams'>;

/** Takes the deletion of a key back. */
export function undeleteKey({
  keys,
  keyLife,
  teams,
}: Needs): Unary<UndeleteKeyRequest, UndeleteKeyResponse> {
  return async ({ id }, { caller }) => {
    await requireKey(caller, await keys.find(id), id, teams);
    const key = await keyLife.undelete(id, { actor: actorOf(caller) });
    return { key: toKeyMessage(key) };
  };
}
