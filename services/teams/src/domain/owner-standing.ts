import { notFound, PublicError } from '@ramet/errors';
import type { Owner } from './bot.js';

/** Where an owner stands with the administrators of the mesh. Revision 0: never on a list. */
export interface OwnerStanding {
  readonly owner: Owner;
  readonly denial: Denial | null;
  readonly access: Access | null;
  readonly revision: number;
  /** Who last changed it. Empty at revision 0, like `reason`. */
  readonly actor: string;
  readonly reason: string;
  readonly updatedAt: Date | null;
}

/** An entry in the deny list. */
export interface Denial {
  readonly reason: string;
  readonly actor: string;
  readonly at: Date;
}

/** An entry in the access list. */
export interface Access extends Denial {
  /** In the order of KINDS, each once. */
  readonly kinds: readonly Kind[];
}

/** The kinds of clones that an owner can be entitled to. */
export const KINDS = ['bot', 'workflow', 'environment', 'instance'] as const;

/** A kind of clones that an owner can be entitled to. */
export type Kind = (typeof KINDS)[number];

/** All that a decision about a standing may look at, as it is while the owner's row is locked. */
export interface StandingView {
  readonly standing: OwnerStanding;
  /** Who decides. */
  readonly actor: string;
  readonly now: Date;
}

/** What becomes of a standing, and the name of what happened. */
export interface StandingChange {
  readonly event: 'denied' | 'allowed' | 'access_granted' | 'access_withdrawn';
  readonly before: OwnerStanding;
  readonly after: OwnerStanding;
}

/** Makes a decision about a standing. Undefined: nothing changes. */
export type DecideStanding = (view: StandingView) => StandingChange | undefined;

/** Which owners a list has: all who are on one, or those on the deny or on the access list. */
export type StandingFilter = 'listed' | 'denied' | 'access';

/** Puts an owner on the deny list, or gives another reason for it. */
export function deny(reason: string): DecideStanding {
  return (view) => {
    const { denial } = view.standing;
    if (denial?.reason === reason) return undefined;
    const entry = { reason, actor: view.actor, at: denial?.at ?? view.now };
    return change(view, { event: 'denied', reason, lists: { denial: entry } });
  };
}

/** Takes an owner off the deny list. */
export function allow(reason: string): DecideStanding {
  return (view) => {
    if (!view.standing.denial) return undefined;
    return change(view, { event: 'allowed', reason, lists: { denial: null } });
  };
}

/** Puts an owner on the access list with these kinds of clones, or gives others or a reason. */
export function grantAccess(wanted: readonly Kind[], reason: string): DecideStanding {
  const kinds = KINDS.filter((kind) => wanted.includes(kind));
  return (view) => {
    const { access } = view.standing;
    if (access?.reason === reason && access.kinds.join() === kinds.join()) return undefined;
    const entry = { kinds, reason, actor: view.actor, at: access?.at ?? view.now };
    return change(view, { event: 'access_granted', reason, lists: { access: entry } });
  };
}

/** Takes an owner off the access list. */
export function withdrawAccess(reason: string): DecideStanding {
  return (view) => {
    if (!view.standing.access) return undefined;
    return change(view, { event: 'access_withdrawn', reason, lists: { access: null } });
  };
}

/** Where an owner stands who never was on a list. */
export function noStanding(owner: Owner): OwnerStanding {
  const never = { revision: 0, actor: '', reason: '', updatedAt: null };
  return { owner, denial: null, access: null, ...never };
}

/** The id of an owner. */
export function ownerIdOf(owner: Owner): string {
  return owner.kind === 'user' ? owner.userId : owner.teamId;
}

/** The error for an owner that is not there. */
export function ownerNotFound(owner: Owner): PublicError {
  return notFound(owner.kind, ownerIdOf(owner));
}

/** What decides whether anything is admitted for an owner. */
export interface Gate {
  readonly owner: OwnerStanding;
  /** Who creates, and why they are on the deny list. Null: they are not. */
  readonly creator: { readonly id: string; readonly deniedReason: string | null };
  /** Whether only owners on the access list are admitted. */
  readonly accessListEnabled: boolean;
}

/** Throws OWNER_DENIED or OWNER_NOT_ADMITTED unless something may be created for the owner. */
export function requireAdmitted({ owner, creator, accessListEnabled }: Gate): void {
  const { kind } = owner.owner;
  const ownerId = ownerIdOf(owner.owner);
  if (owner.denial) throw ownerDenied(kind, ownerId, owner.denial.reason);
  if (creator.deniedReason !== null) throw ownerDenied('user', creator.id, creator.deniedReason);
  if (!accessListEnabled || owner.access) return;
  const message = `only who is on the access list is admitted, and this ${kind} is not`;
  throw refused('OWNER_NOT_ADMITTED', ownerId, message);
}

function ownerDenied(kind: Owner['kind'], id: string, reason: string): PublicError {
  return refused('OWNER_DENIED', id, `the ${kind} is on the deny list: ${reason}`);
}

function refused(reason: string, ownerId: string, message: string): PublicError {
  const metadata = { action: 'clones.admit', owner_id: ownerId };
  return new PublicError('permission_denied', reason, message, { metadata });
}

interface Decided {
  readonly event: StandingChange['event'];
  readonly reason: string;
  readonly lists: Partial<Pick<OwnerStanding, 'denial' | 'access'>>;
}

function change(view: StandingView, { event, reason, lists }: Decided): StandingChange {
  const { standing: before, actor, now } = view;
  const revision = before.revision + 1;
  return {
    event,
    before,
    after: { ...before, ...lists, revision, actor, reason, updatedAt: now },
  };
}
