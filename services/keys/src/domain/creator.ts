import { manages, type Role } from './access.js';
import type { Clone } from './grant.js';

/** On whose right to run a clone a grant rests, and where. */
export interface Creator {
  readonly creatorId: string;
  /** The team that the clone runs in. Empty: none. */
  readonly teamId: string;
  /** Whether the clone is the team's, and not the creator's own. */
  readonly forTeam: boolean;
}

/** Something that happened at teams. */
export interface TeamsNews {
  readonly position: bigint;
  /** The team or the user who may have lost rights, if that is what happened. */
  readonly subjectId?: string;
}

/** The team that a clone is run in: its bot's, else the one that owns it. Personal ones may have none. */
export function teamOf({ owner, teamId }: Clone): string | undefined {
  if (teamId !== '') return teamId;
  return owner.kind === 'team' ? owner.id : undefined;
}

/** On whose right the grants of a clone rest. */
export function creatorOf(clone: Clone): Creator {
  const { creatorId, owner } = clone;
  return { creatorId, teamId: teamOf(clone) ?? '', forTeam: owner.kind === 'team' };
}

/**
 * Tells whether a role lets a creator have the clone run: for a team as OWNER or ADMIN, for
 * themselves with any role in the bot's team, if there is a bot.
 */
export function mayHaveRun({ teamId, forTeam }: Creator, role: Role | undefined): boolean {
  return forTeam ? manages(role) : teamId === '' || role !== undefined;
}
