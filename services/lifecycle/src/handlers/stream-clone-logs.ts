import type {
  StreamCloneLogsRequest,
  StreamCloneLogsResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { findExecution } from './find-execution.js';
import { whileInSight } from './while-in-sight.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'runners' | 'executor' | 'clock'>;

/** Passes on what a workload prints, for as long as the caller sees its clone. */
export function streamCloneLogs(
  needs: Needs,
): Streaming<StreamCloneLogsRequest, StreamCloneLogsResponse> {
  const { access, reads, runners, executor } = needs;
  return async function* ({ cloneId, executionId, follow, tailLines }, call) {
    const clone = await reads.get(cloneId, await access.sightOf(call.caller));
    const execution = await findExecution(runners, clone, executionId);
    if (!execution) return;

    await using inSight = whileInSight(needs, call, { sight: [clone.owner.id] });
    const { id, epoch } = execution;
    const wish = { cloneId, executionId: id, epoch, follow, tailLines };
    try {
      for await (const lines of executor.streamLogs(wish, inSight.signal)) yield { lines };
    } catch (thrown) {
      inSight.signal.throwIfAborted();
      throw thrown;
    }
  };
}
