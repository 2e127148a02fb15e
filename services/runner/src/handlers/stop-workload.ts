import {
  StopCause,
  type StopWorkloadRequest,
  type StopWorkloadResponse,
} from '@ramet/proto-gen/runner.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'stop'>;

/** Asks the workload to end. Returns before it has. */
export function stopWorkload({ stop }: Needs): Unary<StopWorkloadRequest, StopWorkloadResponse> {
  return async ({ cause, grace }) => {
    const graceMs = grace ? Number(grace.seconds) * 1_000 + grace.nanos / 1_000_000 : 0;
    stop(cause === StopCause.INTERRUPTED ? 'INTERRUPTED' : 'STOPPED', graceMs);
    return {};
  };
}
