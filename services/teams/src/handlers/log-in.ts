import { PublicError } from '@ramet/errors';
import type { IdentityProof, LogInRequest, LogInResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import { signedPartOf } from '../credentials/identity-tokens.js';
import { hashOf } from '../credentials/minter.js';
import type { Deps } from '../deps.js';
import type { Tell } from '../domain/identity.js';
import type { IdentityProvider, ProvenClaims } from '../domain/identity-provider.js';
import { credentialInvalid } from './credential-invalid.js';
import { type Begun, beginLogin } from './login-tokens.js';
import { proveIdentity } from './prove-identity.js';

type ByIdentity = Pick<
  Deps,
  'identityProviders' | 'identityTokens' | 'signIns' | 'ids' | 'chargeOwner'
>;
type Needs = ByIdentity & Pick<Deps, 'credentials' | 'logins' | 'tokens'>;

/** Begins a login by an API key or by an ID token. */
export function logIn(needs: Needs): Unary<LogInRequest, LogInResponse> {
  return async ({ credential }, call) => {
    const begun = await beginner(needs, credential, (who) => call.proved(who));
    return beginLogin(needs, call, begun);
  };
}

async function beginner(
  needs: Needs,
  credential: LogInRequest['credential'],
  tell: Tell,
): Promise<Begun> {
  switch (credential?.$case) {
    case 'apiKey':
      return byApiKey(needs, credential.value, tell);
    case 'identity':
      return byIdentity(needs, credential.value, tell);
    case undefined:
      throw credentialInvalid();
  }
}

async function byApiKey(needs: Needs, apiKey: string, tell: Tell): Promise<Begun> {
  const identity = await needs.credentials.identify(apiKey, tell);
  if (identity?.kind !== 'user') throw credentialInvalid();
  needs.chargeOwner(identity.id);
  const [apiKeyId = null] = identity.credentialIds ?? [];
  return { identity, apiKeyId, identityId: null };
}

async function byIdentity(
  needs: ByIdentity,
  { token, nonce }: IdentityProof,
  tell: Tell,
): Promise<Begun> {
  const shown = { kind: 'people', token, nonce } as const;
  const { provider, claims } = await proveIdentity(needs, shown, tell);
  const wish = {
    ...{ provider, claims, tokenHash: hashOf(signedPartOf(token)) },
    newUserId: needs.ids.make('usr'),
    newIdentityId: needs.ids.make('idn'),
  };
  const result = await needs.signIns.signIn(wish, { tell, charge: needs.chargeOwner });
  if (result.kind === 'refused') throw credentialInvalid();
  if (result.kind === 'unknown') throw notLinked(provider, claims);
  const { userId: id, admin, version, identityId } = result;
  const identity = { id, admin, version, credentialIds: [provider.id, identityId] };
  return { identity, apiKeyId: null, identityId, providerRevision: provider.revision };
}

/** Whoever has proven who they are may be told that an administrator must say who that is here. */
function notLinked({ issuer, id }: IdentityProvider, { sub }: ProvenClaims): PublicError {
  const message = `${sub} at ${issuer} is no user here: ask an administrator`;
  return new PublicError('permission_denied', 'IDENTITY_NOT_LINKED', message, {
    metadata: { provider_id: id, issuer, subject: sub },
  });
}
