import type { GetKeyRequest, GetKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toKeyMessage } from '../key-messages.js';
import { requireKey } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'teams'>;

/** Gets a key, with its hold. A deleted key can still be looked at. */
export function getKey({ keys, teams }: Needs): Unary<GetKeyRequest, GetKeyResponse> {
  return async ({ id }, { caller }) => {
    const key = await requireKey(caller, await keys.find(id), id, teams);
    return { key: toKeyMessage(key) };
  };
}
