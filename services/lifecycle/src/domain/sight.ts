/** The owners whose clones somebody sees: a list of ids, or all of them. */
export type Sight = readonly string[] | 'all';

/** A membership of a user, as far as clones are concerned. */
export interface Membership {
  readonly teamId: string;
  readonly role: 'OWNER' | 'ADMIN' | 'MEMBER';
}

/** What a user sees: clones of their own, and of the teams that they run. A MEMBER sees none. */
export function sightOfUser(userId: string, memberships: readonly Membership[]): Sight {
  const teams = memberships.filter(({ role }) => role !== 'MEMBER').map(({ teamId }) => teamId);
  return [userId, ...teams.sort()];
}

/** Tells whether an owner's clones are in sight. */
export function sees(sight: Sight, ownerId: string): boolean {
  return sight === 'all' || sight.includes(ownerId);
}

/** The part of a sight that one owner is. Empty if the owner is out of sight. */
export function narrowed(sight: Sight, ownerId: string | undefined): Sight {
  if (ownerId === undefined) return sight;
  return sees(sight, ownerId) ? [ownerId] : [];
}
