import type { DeleteKeyRequest, DeleteKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toKeyMessage } from '../key-messages.js';
import { millisecondsOf } from '../messages.js';
import { actorOf, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'keyLife' | 'teams' | 'signingKeys' | 'drain'>;

const WAIT_MS = 7 * 24 * 3_600_000;

/** Deletes a key: its secrets wait to be destroyed. */
export function deleteKey(needs: Needs): Unary<DeleteKeyRequest, DeleteKeyResponse> {
  const { keys, keyLife, teams, signingKeys, drain } = needs;
  return async ({ id, etag, deleteAfter }, { caller }) => {
    await requireKey(caller, await keys.find(id), id, teams);
    const waitMs = millisecondsOf(deleteAfter) ?? WAIT_MS;
    const key = await keyLife.delete({ id, etag }, waitMs, { actor: actorOf(caller) });
    signingKeys.drop(id);
    await drain();
    return { key: toKeyMessage(key) };
  };
}
