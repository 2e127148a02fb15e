import type { ArchiveCloneRequest, ArchiveCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToArchive } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Records that a clone is to be put away; the reconciler makes it so. */
export function archiveClone(needs: ActNeeds): Unary<ArchiveCloneRequest, ArchiveCloneResponse> {
  return async ({ id, etag }, call) => {
    const doing = { id, etag, name: 'clones.archive', kind: 'clone.archive_requested' };
    return { clone: toCloneMessage(await act(needs, call, doing, askToArchive)) };
  };
}
