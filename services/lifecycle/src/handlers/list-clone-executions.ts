import type {
  ListCloneExecutionsRequest,
  ListCloneExecutionsResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toExecutionMessage } from '../messages.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'runners'>;

type Request = ListCloneExecutionsRequest;
type Response = ListCloneExecutionsResponse;

/** Lists the executions of a clone that the caller sees, newest first. */
export function listCloneExecutions({ access, reads, runners }: Needs): Unary<Request, Response> {
  return async ({ cloneId, pageSize: size, pageToken: token }, { caller }) => {
    await reads.get(cloneId, await access.sightOf(caller));
    const page = { size, token, binding: [caller.id, cloneId] };
    const { items, nextToken } = await runners.pageOfExecutions(cloneId, page);
    return { executions: items.map(toExecutionMessage), nextPageToken: nextToken };
  };
}
