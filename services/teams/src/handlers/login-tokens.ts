import type { LogInResponse } from '@ramet/proto-gen/teams.v1';
import type { Call } from '@ramet/rpc';
import { firstRefreshToken } from '../credentials/refresh-token.js';
import type { Deps } from '../deps.js';
import type { UserIdentity } from '../domain/identity.js';
import { credentialInvalid } from './credential-invalid.js';
import { issueToken } from './issue-token.js';
import { tokenResponse } from './token-response.js';

/** Who begins a login, and with which of both. */
export interface Begun {
  readonly identity: UserIdentity;
  readonly apiKeyId: string | null;
  readonly identityId: string | null;
  /** Of the identity's provider. */
  readonly providerRevision?: number;
}

/** Begins a login of whoever has proven who they are, and makes its first tokens. */
export async function beginLogin(
  needs: Pick<Deps, 'logins' | 'tokens' | 'ids'>,
  call: Call,
  { identity, ...begun }: Begun,
): Promise<LogInResponse> {
  const { logins, ids } = needs;
  const id = ids.make('lgn');
  const { token: first, secret } = firstRefreshToken(ids);
  const { id: userId, version = 0, scopes = [], credentialIds = [] } = identity;
  const shown = { version, credentialIds, scopes, ...begun };
  const refreshExpireTime = await logins.begin({ id, userId, ...shown, secret, hash: first.hash });
  if (!refreshExpireTime) {
    call.proved({ kind: 'user', id: userId, reason: 'REVOKED_MEANWHILE' });
    throw credentialInvalid();
  }
  const made = [...credentialIds, id];
  call.proved({ kind: 'user', id: userId, credentialIds: made });
  const token = await issueToken(needs, call, {
    identity: { kind: 'user', ...identity, credentialIds: made },
  });
  return { ...tokenResponse(token), refreshToken: first.text, refreshExpireTime };
}
