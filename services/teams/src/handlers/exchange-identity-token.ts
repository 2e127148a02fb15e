import type {
  ExchangeIdentityTokenRequest,
  ExchangeIdentityTokenResponse,
} from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Tell } from '../domain/identity.js';
import { ruleFor } from '../domain/identity-provider.js';
import { credentialInvalid } from './credential-invalid.js';
import { issueToken } from './issue-token.js';
import { proveIdentity } from './prove-identity.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<
  Deps,
  'identityProviders' | 'identityTokens' | 'signIns' | 'tokens' | 'chargeOwner'
>;
type ExchangeIdentityToken = Unary<ExchangeIdentityTokenRequest, ExchangeIdentityTokenResponse>;

/** Exchanges a token of CI for one of the user that a rule says it stands for. */
export function exchangeIdentityToken(needs: Needs): ExchangeIdentityToken {
  return async ({ identityToken: token }, call) => {
    const tell: Tell = (who) => call.proved(who);
    const { provider, claims } = await proveIdentity(needs, { kind: 'ci', token }, tell);
    const rule = ruleFor(provider.rules, claims);
    const user = rule && (await needs.signIns.userOf(rule.userId, provider.id, tell));
    if (!user) throw credentialInvalid();
    needs.chargeOwner(user.userId);
    const identity = {
      kind: 'user' as const,
      id: user.userId,
      // Whoever can change a build is no administrator, whoever it builds for.
      admin: false,
      version: user.version,
      credentialIds: [provider.id],
      scopes: rule.scopes,
    };
    return tokenResponse(await issueToken(needs, call, { identity }));
  };
}
