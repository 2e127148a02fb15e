import { denied, PublicError } from '@ramet/errors';
import type {
  RenewWorkloadTokenRequest,
  RenewWorkloadTokenResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { WorkloadIdentity } from '../domain/identity.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'tokens' | 'lifecycle' | 'chargeRenewal'>;
type RenewWorkloadToken = Unary<RenewWorkloadTokenRequest, RenewWorkloadTokenResponse>;

/** Makes a new token of the caller's own, while its execution is alive. */
export function renewWorkloadToken(needs: Needs): RenewWorkloadToken {
  const { tokens, lifecycle, chargeRenewal } = needs;
  return async (_, { caller, signal }) => {
    const { workload } = caller;
    if (!workload) throw denied('workload_tokens.renew', 'only a workload renews its token');
    chargeRenewal.ofExecution(workload.executionId);
    const ownerId = await lifecycle.ownerOfLive(workload, signal);
    if (ownerId === undefined) throw epochStale(workload);
    // A lifecycle of a version before does not say whose it is.
    if (ownerId !== '') chargeRenewal.ofOwner(ownerId);
    return tokenResponse(await tokens.sign({ kind: 'workload', ...workload }));
  };
}

function epochStale({ executionId, epoch }: WorkloadIdentity): PublicError {
  const message = `the execution is over or was superseded: ${executionId}`;
  return new PublicError('aborted', 'EPOCH_STALE', message, {
    metadata: { execution_id: executionId, epoch: String(epoch) },
  });
}
