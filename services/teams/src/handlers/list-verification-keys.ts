import type {
  ListVerificationKeysRequest,
  ListVerificationKeysResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'tokens'>;
type ListVerificationKeys = Unary<ListVerificationKeysRequest, ListVerificationKeysResponse>;

/** Lists the keys that tokens are verified with. */
export function listVerificationKeys({ tokens }: Needs): ListVerificationKeys {
  return async () => {
    const keys = await tokens.currentKeys();
    return { keys: keys.map(({ jwk, ...key }) => ({ ...key, jwk: JSON.stringify(jwk) })) };
  };
}
