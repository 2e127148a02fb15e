import type { SetQuotaRequest, SetQuotaResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../../deps.js';
import { fromOwnerMessage } from '../../messages.js';
import { actorOf } from '../actor.js';
import { toQuotaMessage } from '../get-quota.js';
import { requiredKind } from '../kind.js';

type Needs = Pick<Deps, 'quotas'>;

/** Sets or clears a limit: an owner's own, or the default. */
export function setQuota({ quotas }: Needs): Unary<SetQuotaRequest, SetQuotaResponse> {
  return async ({ owner, kind, resource, limit, reason }, { caller }) => {
    const quota = await quotas.set({
      ownerId: fromOwnerMessage(owner)?.id,
      kind: requiredKind(kind),
      resource,
      limit: limit === undefined ? undefined : Number(limit),
      reason,
      actor: actorOf(caller),
    });
    return { quota: toQuotaMessage(quota) };
  };
}
