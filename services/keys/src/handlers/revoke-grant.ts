import { notFound } from '@ramet/errors';
import type { RevokeGrantRequest, RevokeGrantResponse } from '@ramet/proto-gen/keys.v1';
import type { Caller, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Grant } from '../domain/grant.js';
import { toGrantMessage } from '../messages.js';
import { actorOf, mayManage } from './caller.js';

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
  // What is not there is looked for as what is others' is, for as long.
  const keyIds = new Set(selected.length === 0 ? [''] : selected.map(({ keyId }) => keyId));
  const managed = new Set<string>();
  for (const id of keyIds) {
    if (await mayManage(caller, await keys.find(id), teams)) managed.add(id);
  }
  return selected.filter(({ keyId }) => managed.has(keyId));
}
