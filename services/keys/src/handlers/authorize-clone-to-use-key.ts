import type {
  AuthorizeCloneToUseKeyRequest,
  AuthorizeCloneToUseKeyResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { teamOf } from '../domain/creator.js';
import { requireActive, requireCreator, requireCurrent } from '../domain/grant.js';
import { limitsOf } from '../limits-messages.js';
import { toGrantMessage } from '../messages.js';
import { actorOf } from './caller.js';

type Needs = Pick<Deps, 'grants' | 'lifecycle' | 'teams' | 'failpoints'>;

/**
 * Gives a key to one execution of a clone.
 *
 * Peers are asked while nothing is held here. A release that comes meanwhile is seen by its number,
 * one that came before by the clone's phase: neither is undone by an authorization that is late. News
 * of teams that was taken in meanwhile is seen by its number too: then the answer may be an old one.
 */
export function authorizeCloneToUseKey(
  needs: Needs,
): Unary<AuthorizeCloneToUseKeyRequest, AuthorizeCloneToUseKeyResponse> {
  const { grants, lifecycle, teams, failpoints } = needs;
  return async ({ keyId, cloneId, executionId, epoch, limits }, { caller }) => {
    const grantee = { cloneId, executionId, epoch };
    const seen = await grants.seen(keyId, cloneId);

    const clone = await lifecycle.getCloneTeamAndBot(cloneId);
    requireCurrent(clone, grantee);
    const team = teamOf(clone);
    // With no team to be in, a creator has but to be there.
    if (team === undefined) requireActive(clone, await teams.isActive(clone.creatorId));
    const role = team === undefined ? undefined : await teams.roleIn(team, clone.creatorId);
    requireCreator(clone, role);
    failpoints.hit('keys.authorize.asked');

    const asked = { keyId, clone, grantee, limits: limitsOf(limits), role, seen };
    const grant = await grants.authorize(asked, { actor: actorOf(caller) });
    return { grant: toGrantMessage(grant) };
  };
}
