import { notFound } from '@ramet/errors';
import type { RevokeGrantRequest, RevokeGrantResponse } from '@ramet/proto-gen/keys.v1';
import type { Caller, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { mayUse } from '../domain/access.js';
import type { Grant } from '../domain/grant.js';
import { toGrantMessage } from '../messages.js';
import { actorOf, askerFor } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'grants' | 'teams' | 'signingKeys' | 'drain' | 'failpoints'>;

/** Revokes grants, and answers once nothing of them can be answered any more. */
export function revokeGrant(needs: Needs): Unary<RevokeGrantRequest, RevokeGrantResponse> {
  const { grants, signingKeys, drain, failpoints } = needs;
  return async ({ grantId, executionId, reason }, { caller }) => {
    const selected = await grants.select(grantId === '' ? { executionId } : { grantId });
    const visible = await visibleTo(caller, selected, needs);
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

async function visibleTo(
  caller: Caller,
  selected: readonly Grant[],
  { keys, teams }: Needs,
): Promise<readonly Grant[]> {
  if (caller.kind === 'service') return selected;
  const visible: Grant[] = [];
  for (const grant of selected) {
    const { owner } = await keys.get(grant.keyId);
    if (mayUse(await askerFor(caller, owner, teams), owner)) visible.push(grant);
  }
  return visible;
}
