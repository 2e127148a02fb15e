import type {
  Progress as ProgressMessage,
  UpdateExecutionRequest,
  UpdateExecutionResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { RunnerReport } from '../domain/progress.js';
import { requireOwnExecution } from './own-execution.js';

type Needs = Pick<Deps, 'runners' | 'failpoints' | 'wake'>;

type Request = UpdateExecutionRequest;
type Response = UpdateExecutionResponse;

/** Takes a runner's heartbeat, and with it its claim or how far its workload is. */
export function updateExecution({ runners, failpoints, wake }: Needs): Unary<Request, Response> {
  return async ({ executionId, epoch, instance, started, progress, ...told }, { caller }) => {
    requireOwnExecution(caller, { executionId, epoch });
    const { health, endpoints } = told;
    const report = {
      ...{ executionId, epoch, instance, isClaim: started },
      ...(health && { health }),
      ...(started && endpoints.length > 0 && { endpoints }),
    };
    const stopRequested = await runners.take({ ...report, ...progressOf(progress) });
    failpoints.hit('lifecycle.report_taken');
    if (started || health) wake();
    return { stopRequested };
  };
}

function progressOf(message: ProgressMessage | undefined): Pick<RunnerReport, 'progress'> {
  if (!message) return {};
  const { sequence, fraction, message: text, metrics } = message;
  const said = { sequence, message: text, metrics };
  return { progress: { ...said, ...(fraction !== undefined && { fraction }) } };
}
