import type { ExchangeTokenRequest, ExchangeTokenResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { credentialInvalid } from './credential-invalid.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'credentials' | 'tokens' | 'chargeOwner' | 'failpoints'>;
type ExchangeToken = Unary<ExchangeTokenRequest, ExchangeTokenResponse>;

/** Exchanges an API key for a short-lived token. */
export function exchangeToken(needs: Needs): ExchangeToken {
  const { credentials, tokens, chargeOwner, failpoints } = needs;
  return async ({ apiKey }) => {
    const identity = await credentials.identify(apiKey);
    if (!identity) throw credentialInvalid();
    if (identity.kind === 'user') chargeOwner(identity.id);
    const token = await tokens.sign(identity);
    failpoints.hit('teams.token.exchanged');
    return tokenResponse(token);
  };
}
