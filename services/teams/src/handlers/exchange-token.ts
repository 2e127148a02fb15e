import type { ExchangeTokenRequest, ExchangeTokenResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { credentialInvalid } from './credential-invalid.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'credentials' | 'tokens' | 'failpoints'>;
type ExchangeToken = Unary<ExchangeTokenRequest, ExchangeTokenResponse>;

/** Exchanges an API key for a short-lived token. */
export function exchangeToken({ credentials, tokens, failpoints }: Needs): ExchangeToken {
  return async ({ apiKey }) => {
    const identity = await credentials.identify(apiKey);
    if (!identity) throw credentialInvalid();
    const token = await tokens.sign(identity);
    failpoints.hit('teams.token.exchanged');
    return tokenResponse(token);
  };
}
