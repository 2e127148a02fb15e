import { denied, notFound } from '@ramet/errors';
import type { Owner } from './owner.js';

/** What a member may do in a team. Each may do what the next one may. */
export type Role = 'owner' | 'admin' | 'member';

/** The roles of one user, by the id of the team. */
export type Roles = ReadonlyMap<string, Role>;

/** A user who asks, and their roles. */
export interface Asker {
  readonly userId: string;
  readonly roles: Roles;
}

/** Tells whether a role lets a user manage what belongs to the team. */
export function manages(role: Role | undefined): boolean {
  return role === 'owner' || role === 'admin';
}

/**
 * Tells whether a user may see and use what an owner has: their own, or that of a team where they
 * are OWNER or ADMIN. An administrator of the mesh has no other right over keys than anybody.
 */
export function mayUse({ userId, roles }: Asker, owner: Owner): boolean {
  return owner.kind === 'user' ? owner.id === userId : manages(roles.get(owner.id));
}

/**
 * Throws unless a user may manage the keys of an owner.
 *
 * Other users and teams that the user is not in look missing; a MEMBER sees the team and may not.
 */
export function requireOwner(asker: Asker, owner: Owner, action: string): void {
  if (mayUse(asker, owner)) return;
  const seen = owner.kind === 'team' && asker.roles.has(owner.id);
  if (!seen) throw notFound(owner.kind, owner.id);
  throw denied(action, 'the keys of a team are for its OWNERs and ADMINs');
}

/** The owners whose keys a user may give to a clone; to a clone of one owner, if that is given. */
export function usableOwners(asker: Asker, cloneOwner?: Owner): readonly Owner[] {
  const own: Owner = { kind: 'user', id: asker.userId };
  if (cloneOwner?.kind === 'user') return [own];
  if (cloneOwner) return [own, cloneOwner];
  const teams = [...asker.roles].filter(([, role]) => manages(role));
  return [own, ...teams.map(([id]) => ({ kind: 'team', id }) as const)];
}
