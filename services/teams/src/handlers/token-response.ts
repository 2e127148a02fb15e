import type { ExchangeTokenResponse } from '@ramet/proto-gen/teams.v1';
import type { SignedToken } from '../domain/identity.js';

/** A signed token, in the form that all answers with one have. */
export function tokenResponse({
  text,
  expiresAt,
  lifeSeconds,
}: SignedToken): ExchangeTokenResponse {
  const expiresIn = { seconds: BigInt(lifeSeconds), nanos: 0 };
  return { token: text, expireTime: expiresAt, expiresIn };
}
