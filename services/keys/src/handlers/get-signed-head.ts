import type { GetSignedHeadRequest, GetSignedHeadResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toHeadMessage } from '../log-messages.js';
import { newestHead, requireLog } from './logs.js';

type Needs = Pick<Deps, 'logs' | 'teams'>;

/** Gets the newest head of a log. */
export function getSignedHead(needs: Needs): Unary<GetSignedHeadRequest, GetSignedHeadResponse> {
  return async ({ owner }, { caller }) => {
    const log = await requireLog(caller, owner, 'logs.get_head', needs);
    return { head: toHeadMessage(log.owner, await newestHead(log, needs)) };
  };
}
