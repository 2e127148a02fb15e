import type { GetSignedHeadRequest, GetSignedHeadResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toHeadMessage } from '../log-messages.js';
import { requireLogOwner } from './logs.js';

type Needs = Pick<Deps, 'logs' | 'teams'>;

/** Gets the newest head of a log. */
export function getSignedHead({
  logs,
  teams,
}: Needs): Unary<GetSignedHeadRequest, GetSignedHeadResponse> {
  return async (request, { caller }) => {
    const owner = await requireLogOwner(caller, request.owner, 'logs.get_head', teams);
    const log = await logs.find(owner);
    const head = log && (await logs.newestHead(log.id));
    return { head: head && toHeadMessage(owner, head) };
  };
}
