import type { GetCloneRequest, GetCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toCloneMessage } from '../messages.js';

type Needs = Pick<Deps, 'access' | 'reads'>;

/** Gets a clone that the caller sees. */
export function getClone({ access, reads }: Needs): Unary<GetCloneRequest, GetCloneResponse> {
  return async ({ id }, { caller }) => {
    const clone = await reads.get(id, await access.sightOf(caller));
    return { clone: toCloneMessage(clone) };
  };
}
