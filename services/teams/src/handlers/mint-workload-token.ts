import type {
  MintWorkloadTokenRequest,
  MintWorkloadTokenResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'tokens' | 'failpoints'>;
type MintWorkloadToken = Unary<MintWorkloadTokenRequest, MintWorkloadTokenResponse>;

/** Makes the token of one execution of a clone. */
export function mintWorkloadToken({ tokens, failpoints }: Needs): MintWorkloadToken {
  return async (workload) => {
    const token = await tokens.sign({ kind: 'workload', ...workload });
    failpoints.hit('teams.workload_token.minted');
    return tokenResponse(token);
  };
}
