import { conflict, denied, invalid, notFound, PublicError } from '@ramet/errors';
import { requireUnbound } from './bound.js';
import { holds, type Role, requireRight } from './role.js';
import { joined, type TeamChange, type TeamView } from './team.js';

/** The offer of a place in a team. The code that it is accepted by is not in it. */
export interface Invitation {
  readonly id: string;
  readonly teamId: string;
  readonly teamName: string;
  readonly role: Role;
  /** The only user who may accept it. Null: whoever has the code. */
  readonly userId: string | null;
  readonly inviterId: string;
  /** The first characters of the code, to recognise it by. */
  readonly prefix: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** How it ended. Null: it did not, or its time has passed. */
  readonly outcome: 'accepted' | 'declined' | 'revoked' | null;
  readonly closedAt: Date | null;
  readonly acceptedBy: string | null;
  readonly revision: number;
}

/** What an inviter asks for. */
export interface InvitationWish
  extends Pick<Invitation, 'id' | 'teamId' | 'role' | 'userId' | 'prefix'> {
  readonly expiresAt: Date | undefined;
}

/** What becomes of an invitation, and of the team if somebody comes into it. */
export interface Acceptance {
  readonly invitation: Invitation;
  readonly change: TeamChange | undefined;
}

/** Open invitations of a team at most. */
const MAX_OPEN = 200;

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_LIFE_MS = 7 * DAY_MS;
const MAX_LIFE_MS = 30 * DAY_MS;

/**
 * An invitation as it is when it has just been made.
 *
 * Throws PERMISSION_DENIED, also for a role that the inviter does not hold, REQUEST_INVALID,
 * USER_NOT_FOUND, SERVICE_ACCOUNT_BOUND and QUOTA_EXCEEDED.
 */
export function invite(
  wish: InvitationWish,
  view: TeamView,
  { inviterId, openCount }: { readonly inviterId: string; readonly openCount: number },
): Invitation {
  const { team, standing, candidate, now } = view;
  if (team.deletedAt) throw notFound('team', team.id);
  requireRight(standing, 'invitations.create');
  if (!holds(standing, wish.role)) {
    throw denied('invitations.create', 'nobody gives a role that they do not hold');
  }
  if (wish.userId !== null && !candidate) throw notFound('user', wish.userId);
  if (candidate) requireUnbound(candidate);
  if (openCount >= MAX_OPEN) throw tooMany(team.id);

  const { expiresAt = new Date(now.getTime() + DEFAULT_LIFE_MS), ...offer } = wish;
  requireLife(expiresAt.getTime() - now.getTime());
  const open = { outcome: null, closedAt: null, acceptedBy: null, revision: 1 };
  return { ...offer, teamName: team.name, inviterId, createdAt: now, expiresAt, ...open };
}

/**
 * Takes a user into the team of an invitation. Who has accepted it may do so again.
 *
 * Throws INVITATION_NOT_FOUND if it is for somebody else, INVITATION_USED, INVITATION_DECLINED,
 * INVITATION_REVOKED, INVITATION_EXPIRED, QUOTA_EXCEEDED, SERVICE_ACCOUNT_BOUND.
 */
export function accept(invitation: Invitation, view: TeamView, userId: string): Acceptance {
  const { team, members, candidate, now } = view;
  if (!candidate || (invitation.userId ?? userId) !== userId) throw unseen(invitation.id);
  const place = members.find((member) => member.userId === userId);
  if (invitation.acceptedBy === userId && place) return { invitation, change: undefined };
  requireOpen(invitation, now);
  const inviter = members.find((member) => member.userId === invitation.inviterId);
  const isGood = inviter && !inviter.isDisabled && holds(inviter.role, invitation.role);
  if (team.deletedAt || !isGood) {
    throw refused('INVITATION_REVOKED', invitation, 'the invitation is not good any more');
  }
  requireUnbound(candidate);
  const change =
    place && holds(place.role, invitation.role)
      ? undefined
      : joined(view, candidate, invitation.role);
  return { invitation: { ...close(invitation, 'accepted', now), acceptedBy: userId }, change };
}

/** The invitation after its addressee has declined it. Throws like `accept`. */
export function decline(invitation: Invitation, userId: string, now: Date): Invitation {
  if (invitation.userId !== userId) throw unseen(invitation.id);
  if (invitation.outcome === 'declined') return invitation;
  requireOpen(invitation, now);
  return close(invitation, 'declined', now);
}

/** The invitation after it was taken back. Throws PERMISSION_DENIED and INVITATION_USED. */
export function takeBack(invitation: Invitation, { standing, now }: TeamView): Invitation {
  requireRight(standing, 'invitations.revoke');
  if (invitation.outcome === 'accepted') throw used(invitation);
  return invitation.outcome ? invitation : close(invitation, 'revoked', now);
}

/** The error for an invitation that is not there, or that the asker may not see. */
export function unseen(id: string): PublicError {
  return notFound('invitation', id);
}

function requireOpen(invitation: Invitation, now: Date): void {
  switch (invitation.outcome) {
    case 'accepted':
      throw used(invitation);
    case 'declined':
      throw refused('INVITATION_DECLINED', invitation, 'the invitation was declined');
    case 'revoked':
      throw refused('INVITATION_REVOKED', invitation, 'the invitation was taken back');
    case null:
      if (invitation.expiresAt > now) return;
      throw refused('INVITATION_EXPIRED', invitation, 'the time of the invitation has passed');
  }
}

function close(
  invitation: Invitation,
  outcome: NonNullable<Invitation['outcome']>,
  closedAt: Date,
): Invitation {
  return { ...invitation, outcome, closedAt, revision: invitation.revision + 1 };
}

function requireLife(lifeMs: number): void {
  if (lifeMs > 0 && lifeMs <= MAX_LIFE_MS) return;
  throw invalid({ field: 'expire_time', description: 'must be within the next 30 days' });
}

function used(invitation: Invitation): PublicError {
  return refused('INVITATION_USED', invitation, 'the invitation was accepted already');
}

function refused(reason: string, { id }: Invitation, message: string): PublicError {
  return conflict(reason, { kind: 'invitation', id }, message);
}

function tooMany(teamId: string): PublicError {
  const subject = `team/${teamId}`;
  const description = `a team has at most ${MAX_OPEN} open invitations`;
  return new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', description, {
    metadata: { subject },
    quotas: [{ subject, description }],
  });
}
