import type {
  ExchangeIdentityTokenRequest,
  ExchangeIdentityTokenResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { ruleFor } from '../domain/identity-provider.js';
import { credentialInvalid } from './credential-invalid.js';
import { proveIdentity } from './prove-identity.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<
  Deps,
  'identityProviders' | 'identityTokens' | 'signIns' | 'tokens' | 'chargeOwner'
>;
type ExchangeIdentityToken = Unary<ExchangeIdentityTokenRequest, ExchangeIdentityTokenResponse>;

/** Exchanges a token of CI for one of the user that a rule says it stands for. */
export function exchangeIdentityToken(needs: Needs): ExchangeIdentityToken {
  return async ({ identityToken: token }) => {
    const { provider, claims } = await proveIdentity(needs, { kind: 'ci', token });
    const rule = ruleFor(provider.rules, claims);
    const user = rule && (await needs.signIns.userOf(rule.userId));
    if (!user) throw credentialInvalid();
    needs.chargeOwner(user.userId);
    const signed = await needs.tokens.sign({
      kind: 'user',
      id: user.userId,
      // Whoever can change a build is no administrator, whoever it builds for.
      admin: false,
      version: user.version,
      credentialIds: [provider.id],
      scopes: rule.scopes,
    });
    return tokenResponse(signed);
  };
}
