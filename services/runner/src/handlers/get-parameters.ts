import type { GetParametersRequest, GetParametersResponse } from '@ramet/proto-gen/runner.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'config'>;

/** Tells the workload what its clone was created with. */
export function getParameters({
  config: { cloneId, executionId, keyId, parameters },
}: Needs): Unary<GetParametersRequest, GetParametersResponse> {
  return async () => ({ cloneId, executionId, keyId, parameters });
}
