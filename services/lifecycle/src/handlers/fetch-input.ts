import type { FetchInputRequest, FetchInputResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps, KeptResult } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { epochStale } from '../domain/epoch.js';
import { resultNotFound } from '../domain/results.js';
import { requireOwnExecution } from './own-execution.js';
import { piecesOf } from './send-result.js';

type Needs = Pick<Deps, 'reads' | 'results' | 'blobs'>;

/** Streams an input of a clone that is a result of another clone, to the clone's own execution. */
export function fetchInput(needs: Needs): Streaming<FetchInputRequest, FetchInputResponse> {
  return async function* ({ executionId, epoch, name }, { caller, signal }) {
    requireOwnExecution(caller, { executionId, epoch });
    const clone = await needs.reads.get(caller.workload?.cloneId ?? '', 'all');
    const { execution } = clone;
    if (execution?.id !== executionId || clone.epoch !== epoch || execution.outcome) {
      throw epochStale(executionId, epoch);
    }
    const result = await inputOf(needs, clone, name);
    if (!result || result.removedAt) throw resultNotFound(clone.id, name);

    const part = { offset: 0, length: result.sizeBytes, signal };
    for await (const data of piecesOf(needs, result, part)) yield { data };
  };
}

/**
 * The result that a clone has as its input of this name: of a clone of the same owner, and of the
 * same creator if its results are private. Asked at each fetch: either may change.
 */
async function inputOf(
  { reads, results }: Needs,
  { inputs, owner, creatorId }: Clone,
  name: string,
): Promise<KeptResult | undefined> {
  const source = inputs.find((input) => input.name === name)?.source;
  if (source?.kind !== 'result') return undefined;
  const from = (await reads.find(source.cloneId, [owner.id]))?.clone;
  if (!from || from.phase === 'DELETED') return undefined;
  if (from.privateResults && from.creatorId !== creatorId) return undefined;
  return results.find(from.id, { name: source.name });
}
