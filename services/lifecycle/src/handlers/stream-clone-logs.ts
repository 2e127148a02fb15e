import type {
  StreamCloneLogsRequest,
  StreamCloneLogsResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { findExecution } from './find-execution.js';
import { whileInSight } from './while-in-sight.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'runners' | 'executor' | 'history' | 'clock'>;

/**
 * Passes on what a workload prints, for as long as the caller sees its clone.
 *
 * Whoever follows it may come before it has started.
 */
export function streamCloneLogs(
  needs: Needs,
): Streaming<StreamCloneLogsRequest, StreamCloneLogsResponse> {
  const { access, reads, runners, executor } = needs;
  return async function* ({ cloneId, executionId, follow, tailLines }, call) {
    const seen = await reads.get(cloneId, await access.sightOf(call.caller));
    await using inSight = whileInSight(needs, call, { sight: [seen.owner.id] });
    try {
      const clone = follow ? await untilStarted(needs, seen, inSight.signal) : seen;
      const execution = await findExecution(runners, clone, executionId);
      if (!execution) return;

      const { id, epoch } = execution;
      const wish = { cloneId, executionId: id, epoch, follow, tailLines };
      for await (const lines of executor.streamLogs(wish, inSight.signal)) yield { lines };
    } catch (thrown) {
      inSight.signal.throwIfAborted();
      throw thrown;
    }
  };
}

/** Returns the clone once its workload has started, or never will. */
async function untilStarted(
  { reads, history }: Needs,
  { id }: Clone,
  signal: AbortSignal,
): Promise<Clone> {
  // The position first: what happens between the two reads is seen twice, never missed.
  const { newest } = await reads.span();
  let clone = await reads.get(id, 'all');
  if (!isComing(clone)) return clone;

  const filter = ({ aggregate }: { readonly aggregate: string }): boolean => aggregate === id;
  for await (const _ of history.follow({ after: newest, signal, filter })) {
    clone = await reads.get(id, 'all');
    if (!isComing(clone)) break;
  }
  signal.throwIfAborted();
  return clone;
}

function isComing({ phase }: Clone): boolean {
  return ['ACCEPTED', 'PREPARING', 'PROVISIONING'].includes(phase);
}
