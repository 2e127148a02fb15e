import type { ResumeCloneRequest, ResumeCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { askToResume } from '../domain/requests.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';

/** Records that a paused clone is to run again, and takes the quota for it. */
export function resumeClone(needs: ActNeeds): Unary<ResumeCloneRequest, ResumeCloneResponse> {
  return async ({ id, etag }, call) => {
    const doing = { id, etag, name: 'clones.resume', kind: 'clone.resume_requested' };
    return { clone: toCloneMessage(await act(needs, call, doing, askToResume)) };
  };
}
