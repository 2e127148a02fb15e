import type {
  MintWorkloadTokenRequest,
  MintWorkloadTokenResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'tokens'>;
type MintWorkloadToken = Unary<MintWorkloadTokenRequest, MintWorkloadTokenResponse>;

/** Makes the token of one execution of a clone. */
export function mintWorkloadToken({ tokens }: Needs): MintWorkloadToken {
  return async (workload) => tokenResponse(await tokens.sign({ kind: 'workload', ...workload }));
}
