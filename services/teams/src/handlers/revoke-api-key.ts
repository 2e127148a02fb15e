import type { RevokeApiKeyRequest, RevokeApiKeyResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toApiKeyMessage } from '../messages.js';
import { askerOf } from './asker.js';

type Needs = Pick<Deps, 'apiKeys'>;
type RevokeApiKey = Unary<RevokeApiKeyRequest, RevokeApiKeyResponse>;

/** Revokes an API key. */
export function revokeApiKey({ apiKeys }: Needs): RevokeApiKey {
  return async ({ id }, { caller }) => {
    const key = await apiKeys.revoke(id, askerOf(caller));
    return { apiKey: toApiKeyMessage(key) };
  };
}
