import type { ListResultsRequest, ListResultsResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toResultMessage } from '../result-messages.js';
import { cloneWithResults } from './clone-with-results.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'results'>;

/** Lists the results of a clone, for those who may see them. */
export function listResults(needs: Needs): Unary<ListResultsRequest, ListResultsResponse> {
  return async ({ cloneId, pageSize: size, pageToken: token }, { caller }) => {
    const { phase } = await cloneWithResults(needs, cloneId, caller);
    if (phase === 'DELETED') return { results: [], nextPageToken: '' };
    const page = { size, token, binding: [caller.id, cloneId] };
    const { items, nextToken } = await needs.results.list(cloneId, page);
    return { results: items.map(toResultMessage), nextPageToken: nextToken };
  };
}
