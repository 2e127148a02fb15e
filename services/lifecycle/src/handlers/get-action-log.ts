import { notFound } from '@ramet/errors';
import type { GetActionLogRequest, GetActionLogResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import { toActionMessage } from '../action-messages.js';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'access' | 'actions'>;

type Request = GetActionLogRequest;
type Response = GetActionLogResponse;

/** Gets one action, with the end of what was printed during it. */
export function getActionLog({ access, actions }: Needs): Unary<Request, Response> {
  return async ({ id }, { caller }) => {
    const found = await actions.find(id, await access.sightOf(caller));
    if (!found) throw notFound('action', id);
    return { action: toActionMessage(found), outputTail: found.output };
  };
}
