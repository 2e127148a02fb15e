import type { StopCloneRequest, StopCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { askToStop } from '../domain/changes.js';
import { toCloneMessage } from '../messages.js';
import { actorOf } from './actor.js';
import { requireEtag } from './etag.js';

type Needs = Pick<Deps, 'access' | 'clones' | 'failpoints' | 'wake'>;

/** Records that a clone is to stop; the reconciler makes it so. */
export function stopClone(needs: Needs): Unary<StopCloneRequest, StopCloneResponse> {
  const { access, clones, failpoints, wake } = needs;
  return async ({ id, etag }, { caller }) => {
    const by = { kind: 'clone.stop_requested', actor: actorOf(caller), cause: '', dueInMs: 0 };
    const clone = await clones.change(id, await access.sightOf(caller), by, (latest) => {
      requireEtag(latest, etag);
      return askToStop(latest);
    });
    failpoints.hit('lifecycle.stop_accepted');
    wake();
    return { clone: toCloneMessage(clone) };
  };
}
