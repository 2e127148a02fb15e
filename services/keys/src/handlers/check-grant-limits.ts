import { notFound } from '@ramet/errors';
import type { CheckGrantLimitsRequest, CheckGrantLimitsResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { mayUse, usableOwners } from '../domain/access.js';
import { limitViolations } from '../domain/check-limits.js';
import { requireWithdrawals } from '../domain/grant.js';
import { sameOwner } from '../domain/owner.js';
import { limitsOf } from '../limits-messages.js';
import { ownerOf } from '../messages.js';
import { askerOf, required } from './caller.js';

type Needs = Pick<Deps, 'keys' | 'teams'>;

/** Tells what of limits could not hold for a key that a creator gives to a clone. */
export function checkGrantLimits({
  keys,
  teams,
}: Needs): Unary<CheckGrantLimitsRequest, CheckGrantLimitsResponse> {
  return async ({ keyId, owner, limits }, { caller }) => {
    const cloneOwner = required(ownerOf(owner), 'owner');
    const [asker, found] = await Promise.all([askerOf(caller, teams), keys.findNow(keyId)]);
    const owners = mayUse(asker, cloneOwner) ? usableOwners(asker, cloneOwner) : [];
    const isUsable =
      found && !found.key.deletedAt && owners.some((each) => sameOwner(each, found.key.owner));
    if (!isUsable) throw notFound('key', keyId);

    const { key, now } = found;
    const asked = limitsOf(limits);
    requireWithdrawals(asked, key, asker.roles.get(key.owner.id));
    return { violations: [...limitViolations(asked, key, now)] };
  };
}
