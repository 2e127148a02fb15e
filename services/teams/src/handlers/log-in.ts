import type { LogInRequest, LogInResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { credentialInvalid } from './credential-invalid.js';
import { beginLogin } from './login-tokens.js';

type Needs = Pick<Deps, 'credentials' | 'logins' | 'tokens' | 'chargeOwner' | 'ids'>;

/** Begins a login by an API key. */
export function logIn(needs: Needs): Unary<LogInRequest, LogInResponse> {
  return async ({ credential }) => {
    const identity = await needs.credentials.identify(credential?.value ?? '');
    if (identity?.kind !== 'user') throw credentialInvalid();
    needs.chargeOwner(identity.id);
    const [apiKeyId = null] = identity.credentialIds ?? [];
    return beginLogin(needs, identity, { apiKeyId });
  };
}
