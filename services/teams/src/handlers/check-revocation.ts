import type { CheckRevocationRequest, CheckRevocationResponse } from '@ramet/proto-gen/teams.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'revocations'>;
type CheckRevocation = Unary<CheckRevocationRequest, CheckRevocationResponse>;

/** Tells whether a token was revoked, as the database has it. */
export function checkRevocation({ revocations }: Needs): CheckRevocation {
  return async ({ userId, ...facts }) => {
    return { revoked: await revocations.ask({ id: userId, ...facts }) };
  };
}
