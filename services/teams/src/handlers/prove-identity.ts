import { originOf } from '../credentials/identity-tokens.js';
import type { Deps } from '../deps.js';
import type { Tell } from '../domain/identity.js';
import type { IdentityProvider, ProvenClaims, ProviderKind } from '../domain/identity-provider.js';
import { credentialInvalid } from './credential-invalid.js';

/** An ID token that is shown, and what it must be. */
export interface ShownIdentity {
  readonly kind: ProviderKind;
  readonly token: string;
  /** What it must say, where a login has asked for it. */
  readonly nonce?: string;
}

/**
 * Proves an ID token of a provider that is trusted, or throws CREDENTIAL_INVALID. Tells of the
 * provider, which does not say who that is here.
 */
export async function proveIdentity(
  { identityProviders, identityTokens }: Pick<Deps, 'identityProviders' | 'identityTokens'>,
  { kind, token, nonce }: ShownIdentity,
  tell: Tell,
): Promise<{ readonly provider: IdentityProvider; readonly claims: ProvenClaims }> {
  const origin = originOf(token);
  const provider = origin && (await identityProviders.of(kind, origin.issuer, origin.audiences));
  const claims = provider && (await identityTokens.prove(provider, token, nonce));
  if (!claims) throw credentialInvalid();
  tell({ kind: 'anonymous', id: '', credentialIds: [provider.id] });
  return { provider, claims };
}
