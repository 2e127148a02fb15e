import { conflict, invalid, notFound } from '@ramet/errors';
import { requireUnbound } from './bound.js';
import { requireEtag } from './etag.js';
import { requireName } from './name.js';
import { exhausted } from './quota.js';
import { type Role, requireRight, type Standing } from './role.js';

/** A group of people that owns bots, keys and clones together. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
  readonly revision: number;
}

/** A user's place in a team. */
export interface Member {
  readonly teamId: string;
  readonly userId: string;
  readonly userName: string;
  readonly role: Role;
  readonly createdAt: Date;
  /** Whether the user is disabled: their role stays, and counts for nothing. */
  readonly isDisabled: boolean;
}

/** One team that a user is in. */
export type Membership = Pick<Member, 'teamId' | 'role'>;

/** A team with everybody in it: what changes as one. */
export interface TeamState {
  readonly team: Team;
  readonly members: readonly Member[];
}

/** A user who may become a member. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  /** In how many teams the user is. */
  readonly teamCount: number;
  /** The team that a service account belongs to. Null: a person. */
  readonly homeTeamId: string | null;
  readonly isDisabled: boolean;
}

/** All that a decision about a team may look at, as it is while the team's row is locked. */
export interface TeamView extends TeamState {
  /** How whoever asks stands to the team. */
  readonly standing: Standing;
  /** Whether whoever asks administers the mesh, as well as what they are in the team. */
  readonly isOverseen: boolean;
  readonly botCount: number;
  readonly candidate: Candidate | undefined;
  readonly now: Date;
}

/** What becomes of a team, and the name of what happened. */
export interface TeamChange {
  readonly event: 'created' | 'member_set' | 'member_removed' | 'ownership_transferred' | 'deleted';
  readonly state: TeamState;
}

/** Makes a decision about a team. Undefined: nothing changes. */
export type DecideTeam = (view: TeamView) => TeamChange | undefined;

/** Members of a team at most, and teams of a user: every change is told with all of them. */
export const MAX_MEMBERS = 1_000;
/** Teams that a user may be in at most. */
export const MAX_TEAMS = 500;

/** A team as it is when its first owner has just created it. Throws REQUEST_INVALID. */
export function newTeam(wish: Pick<Team, 'id' | 'name'>, owner: Candidate, at: Date): TeamState {
  requireName(wish.name);
  requireUnbound(owner);
  requireRoomFor(owner);
  const team: Team = { ...wish, createdAt: at, updatedAt: at, deletedAt: null, revision: 1 };
  return { team, members: [memberOf(team, owner, 'owner', at)] };
}

/**
 * Gives the candidate a role: as a new member, or instead of the one they have.
 *
 * Throws PERMISSION_DENIED, USER_NOT_FOUND, LAST_OWNER, QUOTA_EXCEEDED.
 */
export function setMember(userId: string, role: Role): DecideTeam {
  return (view) => {
    const { team, members, candidate, now } = view;
    requireLive(team);
    requireMaySet(view, role);
    if (!candidate) throw notFound('user', userId);

    const present = members.find((member) => member.userId === userId);
    if (present?.role === role) return undefined;
    return joined({ team, members, now }, candidate, role);
  };
}

/**
 * OWNERs give roles. Where all of them are disabled, administrators of the mesh make an OWNER, since
 * nobody else can: docs/decisions/0031.
 */
function requireMaySet({ standing, isOverseen, members }: TeamView, role: Role): void {
  if (isOverseen && role === 'owner' && !isOwned(members)) return;
  requireRight(standing, 'team_members.set');
}

/**
 * A team after a user has come into it, or has another role.
 *
 * Throws LAST_OWNER, QUOTA_EXCEEDED, SERVICE_ACCOUNT_BOUND.
 */
export function joined(
  { team, members, now }: Pick<TeamView, 'team' | 'members' | 'now'>,
  candidate: Candidate,
  role: Role,
): TeamChange {
  requireUnbound(candidate, { teamId: team.id, role });
  const present = members.find(({ userId }) => userId === candidate.id);
  if (!present) {
    requireRoomIn(team, members);
    requireRoomFor(candidate);
  }
  const next = present ? { ...present, role } : memberOf(team, candidate, role, now);
  const others = members.filter((member) => member !== present);
  return withMembers('member_set', { team, members }, [...others, next].sort(byUser));
}

/**
 * Makes another member OWNER and the asker, who is OWNER, ADMIN.
 *
 * Throws PERMISSION_DENIED, USER_NOT_FOUND, REQUEST_INVALID.
 */
export function transfer(userId: string, askerId: string): DecideTeam {
  return ({ team, members, standing, candidate }) => {
    requireLive(team);
    requireRight(standing, 'teams.transfer');
    if (userId === askerId) {
      throw invalid({ field: 'user_id', description: 'must be another member' });
    }
    if (!candidate || !members.some((member) => member.userId === userId)) {
      throw notFound('user', userId);
    }
    requireUnbound(candidate);
    const roleOf = (member: Member): Role => {
      if (member.userId === userId) return 'owner';
      return member.userId === askerId ? 'admin' : member.role;
    };
    const next = members.map((member) => withRole(member, roleOf(member)));
    return withMembers('ownership_transferred', { team, members }, next);
  };
}

/**
 * Takes a user out of a team. Everybody may take out themselves.
 *
 * Throws PERMISSION_DENIED, LAST_OWNER, SERVICE_ACCOUNT_BOUND.
 */
export function removeMember(userId: string, askerId: string): DecideTeam {
  return (view) => {
    requireLive(view.team);
    requireRight(view.standing, userId === askerId ? 'team_members.leave' : 'team_members.remove');
    if (view.candidate) requireUnbound(view.candidate);
    return without(view, userId);
  };
}

/** A team after a user has gone out of it. Undefined: they were not in it. Throws LAST_OWNER. */
export function without({ team, members }: TeamState, userId: string): TeamChange | undefined {
  const others = members.filter((member) => member.userId !== userId);
  if (others.length === members.length) return undefined;
  return withMembers('member_removed', { team, members }, others);
}

/** Deletes a team. Throws PERMISSION_DENIED, ETAG_STALE, TEAM_NOT_EMPTY. */
export function deleteTeam(etag: string): DecideTeam {
  return ({ team, members, standing, botCount, now }) => {
    requireRight(standing, 'teams.delete');
    if (team.deletedAt) return undefined;
    requireEtag(team, etag);
    if (botCount > 0) {
      throw conflict('TEAM_NOT_EMPTY', { kind: 'team', id: team.id }, 'the team still has bots');
    }
    return { event: 'deleted', state: { team: { ...team, deletedAt: now }, members } };
  };
}

/** Nothing can be done in a team that was deleted. */
function requireLive({ id, deletedAt }: Pick<Team, 'id' | 'deletedAt'>): void {
  if (deletedAt) throw notFound('team', id);
}

function withMembers(
  event: TeamChange['event'],
  { team, members: before }: TeamState,
  members: readonly Member[],
): TeamChange {
  // Where no OWNER was left that is not disabled, all else goes on.
  const isKept = isOwned(members) || (!isOwned(before) && members.some(isOwner));
  if (!isKept) {
    const message = 'a team always has an owner who is not disabled';
    throw conflict('LAST_OWNER', { kind: 'team', id: team.id }, message);
  }
  return { event, state: { team, members } };
}

/** Tells whether a team has an OWNER who can do something. */
function isOwned(members: readonly Member[]): boolean {
  return members.some((member) => isOwner(member) && !member.isDisabled);
}

function isOwner({ role }: Member): boolean {
  return role === 'owner';
}

function withRole(member: Member, role: Role): Member {
  return member.role === role ? member : { ...member, role };
}

function memberOf({ id }: Team, user: Candidate, role: Role, at: Date): Member {
  const { id: userId, name: userName, isDisabled } = user;
  return { teamId: id, userId, userName, role, createdAt: at, isDisabled };
}

function byUser(one: Member, other: Member): number {
  return one.userId < other.userId ? -1 : 1;
}

function requireRoomIn({ id }: Team, members: readonly Member[]): void {
  if (members.length >= MAX_MEMBERS) {
    throw exhausted(`team/${id}`, `a team has at most ${MAX_MEMBERS} members`);
  }
}

function requireRoomFor({ id, teamCount }: Candidate): void {
  if (teamCount >= MAX_TEAMS) {
    throw exhausted(`user/${id}`, `a user is in at most ${MAX_TEAMS} teams`);
  }
}
