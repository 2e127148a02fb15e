import type {
  GetCloneExecutionInformationRequest,
  GetCloneExecutionInformationResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toExecutionMessage, toProgressMessage } from '../messages.js';
import { findExecution } from './find-execution.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'runners' | 'failpoints'>;

type Request = GetCloneExecutionInformationRequest;
type Response = GetCloneExecutionInformationResponse;

/** Tells how an execution goes or went. */
export function getCloneExecutionInformation(needs: Needs): Unary<Request, Response> {
  const { access, reads, runners, failpoints } = needs;
  return async ({ cloneId, executionId }, { caller }) => {
    const clone = await reads.get(cloneId, await access.sightOf(caller));
    const execution = await findExecution(runners, clone, executionId);
    const news = execution && (await runners.findNews(execution.id));
    failpoints.hit('lifecycle.execution_told');
    return {
      execution: execution && toExecutionMessage(execution),
      progress: news?.progress && toProgressMessage(news.progress),
      heartbeatTime: news?.heartbeatAt,
    };
  };
}
