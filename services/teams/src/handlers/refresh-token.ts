import type { RefreshTokenRequest, RefreshTokenResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import { nextRefreshToken, readRefreshToken } from '../credentials/refresh-token.js';
import type { Deps } from '../deps.js';
import type { Tell } from '../domain/identity.js';
import type { GoingOn } from '../domain/login.js';
import { credentialInvalid } from './credential-invalid.js';
import { issueToken } from './issue-token.js';
import { tokenResponse } from './token-response.js';

type Needs = Pick<Deps, 'logins' | 'tokens' | 'chargeOwner' | 'tellOfReuse'>;
type RefreshToken = Unary<RefreshTokenRequest, RefreshTokenResponse>;

/** Exchanges a refresh token for a token and the refresh token that follows. */
export function refreshToken(needs: Needs): RefreshToken {
  const { logins, chargeOwner: charge, tellOfReuse } = needs;
  return async (request, call) => {
    const tell: Tell = (who) => call.proved(who);
    const shown = readRefreshToken(request.refreshToken);
    const makeNext = (secret: Uint8Array) => nextRefreshToken(request.refreshToken, secret);
    const refreshed = shown && (await logins.refresh(shown.hash, { makeNext, tell, charge }));
    if (refreshed?.kind === 'stolen') {
      tellOfReuse(refreshed);
      await logins.recordReuse(refreshed);
    }
    if (refreshed?.kind !== 'on') throw credentialInvalid();

    const { goingOn } = refreshed;
    const identity = { kind: 'user' as const, ...identityOf(goingOn) };
    const token = await issueToken(needs, call, { identity });
    const { text } = makeNext(goingOn.secret);
    const refreshExpireTime = goingOn.tokenExpiresAt;
    return { ...tokenResponse(token), refreshToken: text, refreshExpireTime };
  };
}

function identityOf({ login, admin, version }: GoingOn) {
  const { userId: id, credentialIds, scopes } = login;
  return { id, admin, version, credentialIds, scopes };
}
