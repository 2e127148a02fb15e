import type { GetResultRequest, GetResultResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { partOf, requireKept, resultNotFound, type Which } from '../domain/results.js';
import { toResultMessage } from '../result-messages.js';
import { cloneWithResults } from './clone-with-results.js';
import { piecesOf } from './send-result.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'results' | 'blobs'>;

/** Streams a result of a clone, or a part of it, to those who may see it. */
export function getResult(needs: Needs): Streaming<GetResultRequest, GetResultResponse> {
  return async function* ({ cloneId, which, offset, length }, { caller, signal }) {
    const { phase } = await cloneWithResults(needs, cloneId, caller);
    const result =
      phase === 'DELETED' ? undefined : await needs.results.find(cloneId, keyOf(which));
    if (!result) throw resultNotFound(cloneId, String(which?.value));
    requireKept(result);
    const part = partOf(result.sizeBytes, { offset, length });

    yield { part: { $case: 'result', value: toResultMessage(result) } };
    for await (const value of piecesOf(needs, result, { ...part, signal })) {
      yield { part: { $case: 'data', value } };
    }
  };
}

function keyOf(which: GetResultRequest['which']): Which {
  return which?.$case === 'name' ? { name: which.value } : { index: which?.value ?? 0 };
}
