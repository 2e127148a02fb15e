import type { LogoutRequest, LogoutResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

/** Ends the login that the caller's token is of. */
export function logout({ logins }: Pick<Deps, 'logins'>): Unary<LogoutRequest, LogoutResponse> {
  return async (_, { caller }) => {
    await logins.end(caller.id, caller.credentialIds ?? []);
    return {};
  };
}
