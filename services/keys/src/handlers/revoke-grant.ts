import { notFound } from '@ramet/errors';
import type { RevokeGrantRequest, RevokeGrantResponse } from '@ramet/proto-gen/keys.v1';
import type { Caller, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { type Asker, mayUse } from '../domain/access.js';
import type { Grant, OwnedGrant } from '../domain/grant.js';
import { toGrantMessage } from '../messages.js';
import { actorOf, askerOf } from './caller.js';

type Needs = Pick<Deps, 'grants' | 'teams' | 'signingKeys' | 'drain' | 'failpoints'>;

/** Revokes grants, and answers once nothing of them can be answered any more. */
export function revokeGrant(needs: Needs): Unary<RevokeGrantRequest, RevokeGrantResponse> {
  const { grants, teams, signingKeys, drain, failpoints } = needs;
  return async ({ grantId, executionId, reason }, { caller }) => {
    const selected = await grants.select(grantId === '' ? { executionId } : { grantId });
    const visible = await visibleTo(caller, selected, teams);
    if (grantId !== '' && visible.length === 0) throw notFound('grant', grantId);

    const revoked: Grant[] = [];
    for (const grant of visible) {
      revoked.push(await grants.revoke(grant, reason, { actor: actorOf(caller), cause: reason }));
      signingKeys.drop(grant.keyId);
    }
    // Also for what was revoked before: that call may not have had its confirmation.
    await drain();
    failpoints.hit('keys.revoke.drained');
    return { grants: revoked.map(toGrantMessage) };
  };
}

/**
 * The grants that the caller may revoke. Teams is asked also about those that are missing or another
 * user's: nothing tells them from those of a team that the caller is not in.
 */
async function visibleTo(
  caller: Caller,
  selected: readonly OwnedGrant[],
  teams: Needs['teams'],
): Promise<readonly Grant[]> {
  if (caller.kind === 'service') return selected.map(({ grant }) => grant);
  const self: Asker = { userId: caller.id, roles: new Map() };
  const isOwn = selected.length > 0 && selected.every(({ owner }) => mayUse(self, owner));
  const asker = isOwn ? self : await askerOf(caller, teams);
  return selected.flatMap(({ grant, owner }) => (mayUse(asker, owner) ? [grant] : []));
}
