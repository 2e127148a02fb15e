import type { EnableKeyRequest, EnableKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toKeyMessage } from '../key-messages.js';
import { actorOf, requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'keyLife' | 'teams'>;

/** Lets a key sign again. */
export function enableKey({
  keys,
  keyLife,
  teams,
}: Needs): Unary<EnableKeyRequest, EnableKeyResponse> {
  return async ({ id, etag }, { caller }) => {
    await requireKey(caller, await keys.find(id), id, teams);
    const key = await keyLife.enable({ id, etag }, { actor: actorOf(caller) });
    return { key: toKeyMessage(key) };
  };
}
