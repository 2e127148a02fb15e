import { conflict } from '@ramet/errors';
import type { StreamLogsRequest, StreamLogsResponse } from '@ramet/proto-gen/executor.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Workload } from '../domain/workload.js';
import { toLogLineMessage } from '../messages.js';

type Needs = Pick<Deps, 'workloads' | 'runtime' | 'hostId'>;

/** Streams what a workload printed; with `follow` until it has ended. */
export function streamLogs({
  workloads,
  runtime,
  hostId,
}: Needs): Streaming<StreamLogsRequest, StreamLogsResponse> {
  return async function* ({ executionId, epoch, follow, tailLines }, { signal }) {
    const workload = await workloads.get({ executionId, epoch });
    if (workload.hostId !== hostId) throw elsewhere(workload);

    const mayGrow = workload.state === 'pending' || workload.endedAt === undefined;
    const isKept = workload.state !== 'removing' && workload.state !== 'removed';
    const range = {
      after: 0,
      ...(tailLines > 0 && { tail: tailLines }),
      follow: follow && mayGrow && isKept,
      signal,
    };
    for await (const lines of runtime.logs(workload.name, range)) {
      yield { lines: lines.map(toLogLineMessage) };
    }
  };
}

function elsewhere({ executionId, hostId }: Workload) {
  const message = `the logs are on host ${hostId}`;
  return conflict('HOST_UNAVAILABLE', { kind: 'execution', id: executionId }, message);
}
