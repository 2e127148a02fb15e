import { conflict, denied, notFound } from '@ramet/errors';
import type { Owner } from './bot.js';
import { type OwnerStanding, requireAdmitted } from './owner-standing.js';
import { may, requireRight, type Standing } from './role.js';
import type { Source } from './source.js';

/** What is known of a bot and of a user who wants a clone of it. */
export interface AdmissionFacts {
  readonly botId: string;
  readonly botName: string;
  readonly teamId: string;
  /** How the user stands to the bot's team. */
  readonly standing: Standing;
  readonly teamSource: Source | null;
  readonly personalSource: Source | null;
  /** Where the owner of the clone stands with the administrators. */
  readonly ownerStanding: OwnerStanding;
  /** Why the user is on the deny list. Null: they are not. */
  readonly userDeniedReason: string | null;
  /** Whether the user is a service account, whose clones are its team's. */
  readonly isServiceAccount: boolean;
}

/** A clone that a user wants of a bot for an owner. */
export interface AdmissionWish {
  readonly botId: string;
  readonly owner: Owner;
  readonly userId: string;
}

/** What a clone would run. */
export interface Admission {
  readonly teamId: string;
  readonly botName: string;
  readonly source: Source;
  readonly ownerStanding: OwnerStanding;
}

/**
 * Decides whether a user may create a clone of a bot for an owner, and what it would run.
 *
 * Throws BOT_NOT_FOUND, PERMISSION_DENIED, OWNER_DENIED, OWNER_NOT_ADMITTED, BOT_SOURCE_MISSING:
 * nobody learns of a list before they have shown that they may act for the owner.
 */
export function admit(
  { botId, owner, userId }: AdmissionWish,
  facts: AdmissionFacts | undefined,
  rules: { readonly accessListEnabled: boolean },
): Admission {
  if (!facts || !may(facts.standing, 'bots.get')) throw notFound('bot', botId);
  const source = owner.kind === 'user' ? personal(facts, owner.userId, userId) : team(facts, owner);
  const { ownerStanding, userDeniedReason } = facts;
  const creator = { id: userId, deniedReason: userDeniedReason };
  requireAdmitted({ owner: ownerStanding, creator, ...rules });
  if (!source) {
    const message = `no source of the bot is set for this ${owner.kind}`;
    throw conflict('BOT_SOURCE_MISSING', { kind: 'bot', id: botId }, message);
  }
  return { teamId: facts.teamId, botName: facts.botName, source, ownerStanding };
}

function personal(facts: AdmissionFacts, ownerId: string, userId: string): Source | null {
  if (ownerId !== userId) {
    throw denied('clones.run_personal', 'nobody runs a clone for another user');
  }
  if (facts.isServiceAccount) {
    throw denied('clones.run_personal', "the clones of a service account are its team's");
  }
  requireRight(facts.standing, 'clones.run_personal');
  return facts.personalSource;
}

function team(facts: AdmissionFacts, owner: Owner & { readonly kind: 'team' }): Source | null {
  if (owner.teamId !== facts.teamId) {
    throw denied('clones.run_team', 'a clone belongs to the team of its bot');
  }
  requireRight(facts.standing, 'clones.run_team');
  return facts.teamSource;
}
