import type { CheckEpochRequest, CheckEpochResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'runners'>;

/** Tells teams whether an execution is the current one of its clone and not over, and whose it is. */
export function checkEpoch({ runners }: Needs): Unary<CheckEpochRequest, CheckEpochResponse> {
  return async ({ cloneId, executionId, epoch }) => {
    const ownerId = await runners.ownerOfLive(cloneId, executionId, epoch);
    return { alive: ownerId !== undefined, ownerId: ownerId ?? '' };
  };
}
