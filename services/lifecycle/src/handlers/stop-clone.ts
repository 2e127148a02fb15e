import { invalid, notFound } from '@ramet/errors';
import type { StopCloneRequest, StopCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Call, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { askToStop } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';
import { requiredOwner } from './owner.js';

type Needs = ActNeeds & Pick<Deps, 'reads'>;

/** Records that a clone is to stop; the reconciler makes it so. */
export function stopClone(needs: Needs): Unary<StopCloneRequest, StopCloneResponse> {
  return async (message, call) => {
    const id = message.id || (await namedBy(needs, message, call));
    const doing = {
      id,
      etag: message.etag,
      name: 'clones.stop',
      kind: 'clone.stop_requested',
    };
    return { clone: toCloneMessage(await act(needs, call, doing, askToStop)) };
  };
}

/** The clone that an owner's external reference names. */
async function namedBy(
  { access, reads }: Needs,
  { external }: StopCloneRequest,
  { caller }: Call,
): Promise<string> {
  if (!external) throw invalid({ field: 'id', description: 'or external is required' });
  const owner = requiredOwner(external.owner);
  const named = { ownerId: owner.id, externalRef: external.externalRef };
  const id = await reads.findByReference(named, await access.sightOf(caller));
  if (!id) throw notFound('clone', external.externalRef);
  return id;
}
