import { denied } from '@ramet/errors';

/** What a member may do in a team. Each role may do what the next one may. */
export type Role = 'owner' | 'admin' | 'member';

/** How somebody stands to a team: by their role, as one who sees all teams, or not at all. */
export type Standing = Role | 'overseer' | 'stranger';

const EVERYBODY = ['owner', 'admin', 'member', 'overseer'] as const;
const MEMBERS = ['owner', 'admin', 'member'] as const;
const MANAGERS = ['owner', 'admin'] as const;
const OWNERS = ['owner'] as const;

/** Who may do what in a team. Who is not listed for anything does not even see the team. */
export const RIGHTS = {
  'teams.get': EVERYBODY,
  'team_members.list': EVERYBODY,
  'bots.get': EVERYBODY,
  'team_members.leave': MEMBERS,
  'bots.set_personal_source': MEMBERS,
  'clones.run_personal': MEMBERS,
  'bots.create': MANAGERS,
  'bots.set_team_source': MANAGERS,
  'bots.delete': MANAGERS,
  'clones.run_team': MANAGERS,
  'invitations.create': MANAGERS,
  'invitations.revoke': MANAGERS,
  'invitations.list': ['owner', 'admin', 'overseer'],
  'service_accounts.manage': MANAGERS,
  'teams.transfer': OWNERS,
  'teams.delete': OWNERS,
  'team_members.set': OWNERS,
  'team_members.remove': OWNERS,
} as const satisfies Record<string, readonly Standing[]>;

/** Something that is done in a team. */
export type TeamAction = keyof typeof RIGHTS;

/** How somebody stands to a team, given their role in it, if they have one. */
export function standingOf(role: Role | null | undefined, seesAll: boolean): Standing {
  if (role) return role;
  return seesAll ? 'overseer' : 'stranger';
}

/** Tells whether somebody of this standing has this role, or a higher one. */
export function holds(standing: Standing, role: Role): boolean {
  const holders: readonly Standing[] = MEMBERS.slice(0, MEMBERS.indexOf(role) + 1);
  return holders.includes(standing);
}

/** Tells whether somebody of this standing may do this. */
export function may(standing: Standing, action: TeamAction): boolean {
  const allowed: readonly Standing[] = RIGHTS[action];
  return allowed.includes(standing);
}

/** Throws PERMISSION_DENIED unless somebody of this standing may do this. */
export function requireRight(standing: Standing, action: TeamAction): void {
  if (!may(standing, action)) throw denied(action, `your role does not allow this: ${action}`);
}
