import { denied, notFound } from '@ramet/errors';
import { holds, type Role, requireRight } from './role.js';
import { joined, type TeamChange, type TeamView } from './team.js';
import { newUser, type User } from './user.js';

/** A user that no person logs in as, and what it may do in its team. */
export interface ServiceAccount {
  readonly user: User;
  /** Null once it was deleted. */
  readonly role: Role | null;
}

/** What somebody wants of a service account that is new. */
export interface AccountWish extends Pick<User, 'id' | 'name'> {
  readonly teamId: string;
  readonly role: Exclude<Role, 'owner'>;
}

/**
 * A service account and its team as they are when it has just been created.
 *
 * Throws PERMISSION_DENIED, REQUEST_INVALID, QUOTA_EXCEEDED.
 */
export function newAccount(
  { role, ...wish }: AccountWish,
  view: TeamView,
): { readonly user: User; readonly change: TeamChange } {
  const { team, standing, now } = view;
  if (team.deletedAt) throw notFound('team', team.id);
  requireRight(standing, 'service_accounts.manage');
  if (!holds(standing, role)) {
    throw denied('service_accounts.manage', 'nobody gives a role that they do not hold');
  }
  const user = newUser({ ...wish, admin: false }, now);
  const { id, name } = user;
  const candidate = { id, name, teamCount: 0, homeTeamId: team.id, isDisabled: false };
  return { user, change: joined(view, candidate, role) };
}
