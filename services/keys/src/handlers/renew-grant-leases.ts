import type { RenewGrantLeasesRequest, RenewGrantLeasesResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { stopOf } from '../domain/stopped.js';

/** Lets executions go on signing: lifecycle says that they live. */
export function renewGrantLeases({
  leases,
}: Pick<Deps, 'leases'>): Unary<RenewGrantLeasesRequest, RenewGrantLeasesResponse> {
  return async ({ executions }) => {
    const all = await leases.renew(executions);
    const stopped = all.flatMap(({ verdict, ...lease }) => {
      const { executionId, grantId } = lease;
      return verdict === null ? [] : [{ executionId, grantId, ...stopOf({ ...lease, verdict }) }];
    });
    const ending = all.flatMap(({ executionId, grantId, endsAt }) =>
      endsAt ? [{ executionId, grantId, expireTime: endsAt }] : [],
    );
    const renewed = all.filter(({ verdict }) => verdict !== 'revoked').length;
    return { renewed, stopped, ending };
  };
}
