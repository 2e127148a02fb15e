import type { ExchangeTokenRequest, ExchangeTokenResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { credentialInvalid } from './credential-invalid.js';
import { issueToken } from './issue-token.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'credentials' | 'tokens' | 'chargeOwner' | 'failpoints'>;
type ExchangeToken = Unary<ExchangeTokenRequest, ExchangeTokenResponse>;

/** Exchanges an API key for a short-lived token. */
export function exchangeToken(needs: Needs): ExchangeToken {
  const { credentials, chargeOwner, failpoints } = needs;
  return async ({ apiKey }, call) => {
    const identity = await credentials.identify(apiKey, (who) => call.proved(who));
    if (!identity || identity.kind === 'workload') throw credentialInvalid();
    if (identity.kind === 'user') chargeOwner(identity.id);
    const token = await issueToken(needs, call, { identity });
    failpoints.hit('teams.token.exchanged');
    return tokenResponse(token);
  };
}
