import type { RenewGrantLeasesRequest, RenewGrantLeasesResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

/** Lets executions go on signing: lifecycle says that they live. */
export function renewGrantLeases({
  grants,
}: Pick<Deps, 'grants'>): Unary<RenewGrantLeasesRequest, RenewGrantLeasesResponse> {
  return async ({ executions }) => ({ renewed: await grants.renew(executions) });
}
