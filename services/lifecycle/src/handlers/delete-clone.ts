import type { DeleteCloneRequest, DeleteCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { askToDelete } from '../domain/changes.js';
import { toCloneMessage } from '../messages.js';
import { actorOf } from './actor.js';
import { requireEtag } from './etag.js';

type Needs = Pick<Deps, 'access' | 'clones' | 'failpoints' | 'wake'>;

/** Records that a clone is to be deleted, whatever its phase; the reconciler makes it so. */
export function deleteClone(needs: Needs): Unary<DeleteCloneRequest, DeleteCloneResponse> {
  const { access, clones, failpoints, wake } = needs;
  return async ({ id, etag }, { caller }) => {
    const by = { kind: 'clone.delete_requested', actor: actorOf(caller), cause: '', dueInMs: 0 };
    const clone = await clones.change(id, await access.sightOf(caller), by, (latest, now) => {
      requireEtag(latest, etag);
      return askToDelete(latest, now);
    });
    failpoints.hit('lifecycle.delete_accepted');
    wake();
    return { clone: toCloneMessage(clone) };
  };
}
