import type {
  CompleteCloneExecutionRequest,
  CompleteCloneExecutionResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { RESULTS_INCOMPLETE, withReport } from '../domain/changes.js';
import type { Clone } from '../domain/clone.js';
import { withCondition } from '../domain/conditions.js';
import { epochStale } from '../domain/epoch.js';
import { fromReportMessage } from '../messages.js';
import { actorOf } from './actor.js';
import { requireOwnExecution } from './own-execution.js';

type Needs = Pick<Deps, 'clones' | 'actions' | 'failpoints'>;

/** The exit is expected soon: by then it is looked for, if the executor has not told of it. */
const EXIT_MS = 1_000;

type Request = CompleteCloneExecutionRequest;
type Response = CompleteCloneExecutionResponse;

/** Takes what a workload said of its own end. What was observed of it decides all the same. */
export function completeCloneExecution(needs: Needs): Unary<Request, Response> {
  const { clones, actions, failpoints } = needs;
  return async ({ executionId, epoch, report, ...told }, { caller }) => {
    requireOwnExecution(caller, { executionId, epoch });
    const { outputTail, resultsProblem } = told;

    const cloneId = caller.workload?.cloneId ?? '';
    // What was printed is kept also if the clone has gone on to its next stage meanwhile.
    if (outputTail.length > 0) await actions.addOutput(cloneId, executionId, outputTail);
    const by = { kind: 'clone.reported', actor: actorOf(caller), cause: '', dueInMs: EXIT_MS };
    await clones.change(cloneId, 'all', by, (clone, now) => {
      if (clone.epoch !== epoch) throw epochStale(executionId, epoch);
      const told = withProblem(clone, resultsProblem, now);
      return report ? withReport(told, fromReportMessage(report)) : told;
    });
    failpoints.hit('lifecycle.completion_taken');
    return {};
  };
}

function withProblem(clone: Clone, problem: string, now: Date): Clone {
  return problem === '' ? clone : withCondition(clone, RESULTS_INCOMPLETE, problem, now);
}
