import { pageSize as sizeOf } from '@ramet/database';
import type { ListExecutionsRequest, ListExecutionsResponse } from '@ramet/proto-gen/executor.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toWorkloadMessage } from '../messages.js';

type Needs = Pick<Deps, 'workloads'>;

/** Lists workloads, newest first. */
export function listExecutions({
  workloads,
}: Needs): Unary<ListExecutionsRequest, ListExecutionsResponse> {
  return async ({ cloneId, pageSize, pageToken }, { caller }) => {
    const size = sizeOf(pageSize);
    const listing = { cloneId, pageToken, pageSize: size, callerId: caller.id };
    const { page, nextPageToken } = await workloads.list(listing);
    return { workloads: page.map(toWorkloadMessage), nextPageToken };
  };
}
