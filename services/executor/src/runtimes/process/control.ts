import { StopCause as Cause, RunnerControlServiceService } from '@ramet/proto-gen/runner.v1';
import { connect } from '@ramet/rpc';
import type { StopCause } from '../../domain/observation.js';

const ANSWER_MS = 1_000;

/** Asks a runner to end its workload. Throws if it does not answer. */
export async function askToStop(socket: string, cause: StopCause, graceMs: number): Promise<void> {
  await using runner = connect(RunnerControlServiceService, `unix:${socket}`, {
    timeoutMs: ANSWER_MS,
  });
  const seconds = Math.floor(graceMs / 1_000);
  const grace = { seconds: BigInt(seconds), nanos: (graceMs - seconds * 1_000) * 1_000_000 };
  await runner.stopWorkload({ cause: Cause[cause], grace });
}
