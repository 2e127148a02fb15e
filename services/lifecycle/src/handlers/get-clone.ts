import type { GetCloneRequest, GetCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toCloneMessage } from '../messages.js';
import { cloneAt } from './clone-at.js';

type Needs = Pick<Deps, 'access' | 'reads'>;

/** Gets a clone that the caller sees, as it is or as it was. */
export function getClone({ access, reads }: Needs): Unary<GetCloneRequest, GetCloneResponse> {
  return async ({ id, asOf }, { caller }) => {
    const clone = await reads.get(id, await access.sightOf(caller));
    return { clone: asOf ? await cloneAt(reads, id, asOf) : toCloneMessage(clone) };
  };
}
