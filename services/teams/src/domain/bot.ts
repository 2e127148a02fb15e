import { denied, invalid, notFound, PublicError } from '@ramet/errors';
import { requireEtag } from './etag.js';
import { requireName } from './name.js';
import { requireRight, type Standing } from './role.js';
import { type PersonalSource, type Program, type Source, setProgram, sizeOf } from './source.js';

/** What a clone is an instance of. Belongs to a team. */
export interface Bot {
  readonly id: string;
  readonly teamId: string;
  readonly name: string;
  /** What clones of the team run. */
  readonly teamSource: Source | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
  readonly revision: number;
}

/** A bot with the personal source of whoever asks. */
export interface SeenBot {
  readonly bot: Bot;
  readonly personalSource: Source | null;
}

/** A bot with all personal sources: what changes as one. */
export interface BotState {
  readonly bot: Bot;
  readonly personalSources: readonly PersonalSource[];
}

/** All that a decision about a bot may look at, as it is while the bot's row is locked. */
export interface BotView extends BotState {
  /** How whoever asks stands to the bot's team. */
  readonly standing: Standing;
  readonly now: Date;
}

/** What becomes of a bot, and the name of what happened. */
export interface BotChange {
  readonly event: 'created' | 'source_set' | 'deleted';
  readonly state: BotState;
}

/** Makes a decision about a bot. Undefined: nothing changes. */
export type DecideBot = (view: BotView) => BotChange | undefined;

/** Whose source, or whose clone: a user's or a team's. */
export type Owner =
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'team'; readonly teamId: string };

/** The sources of a bot are told with every change of it, in one message of the bus. */
const MAX_SOURCES_SIZE = 256 * 1024;

/** A bot as it is when it has just been created. Throws REQUEST_INVALID, QUOTA_EXCEEDED. */
export function newBot(
  wish: Pick<Bot, 'id' | 'teamId' | 'name'> & { readonly program: Program | undefined },
  at: Date,
): BotState {
  const { program, ...named } = wish;
  requireName(wish.name);
  const teamSource = program ? setProgram(null, program) : null;
  const life = { createdAt: at, updatedAt: at, deletedAt: null, revision: 1 };
  return withinSize({ bot: { ...named, teamSource, ...life }, personalSources: [] });
}

/**
 * Sets what clones of the bot run: those of its team, or those of whoever asks.
 *
 * Throws PERMISSION_DENIED, REQUEST_INVALID for another team, QUOTA_EXCEEDED.
 */
export function setSource(owner: Owner, program: Program, askerId: string): DecideBot {
  return (view) => {
    const { bot, personalSources, standing } = view;
    if (bot.deletedAt) throw notFound('bot', bot.id);
    if (owner.kind === 'team') {
      requireOwnTeam(bot, owner.teamId);
      requireRight(standing, 'bots.set_team_source');
      const teamSource = setProgram(bot.teamSource, program);
      if (teamSource === bot.teamSource) return undefined;
      return sourceSet({ bot: { ...bot, teamSource }, personalSources });
    }

    requireSelf(owner.userId, askerId);
    requireRight(standing, 'bots.set_personal_source');
    const present = personalSources.find(({ userId }) => userId === askerId);
    const source = setProgram(present?.source, program);
    if (source === present?.source) return undefined;
    const others = personalSources.filter((other) => other !== present);
    const next = [...others, { userId: askerId, source }].sort(byUser);
    return sourceSet({ bot, personalSources: next });
  };
}

/** Deletes a bot. Throws PERMISSION_DENIED, ETAG_STALE. */
export function deleteBot(etag: string): DecideBot {
  return ({ bot, personalSources, standing, now }) => {
    requireRight(standing, 'bots.delete');
    if (bot.deletedAt) return undefined;
    requireEtag(bot, etag);
    return { event: 'deleted', state: { bot: { ...bot, deletedAt: now }, personalSources } };
  };
}

function sourceSet(state: BotState): BotChange {
  return { event: 'source_set', state: withinSize(state) };
}

function requireOwnTeam(bot: Bot, teamId: string): void {
  if (teamId === bot.teamId) return;
  throw invalid({ field: 'owner.team_id', description: "must be the bot's team" });
}

function requireSelf(userId: string, askerId: string): void {
  if (userId === askerId) return;
  throw denied('bots.set_personal_source', "nobody sets another user's source");
}

function withinSize(state: BotState): BotState {
  const { bot, personalSources } = state;
  const personal = personalSources.map(({ source }) => source);
  const all = bot.teamSource ? [bot.teamSource, ...personal] : personal;
  const size = all.reduce((sum, { program }) => sum + sizeOf(program), 0);
  if (size <= MAX_SOURCES_SIZE) return state;

  const subject = `bot/${bot.id}`;
  const description = `the sources of a bot have at most ${MAX_SOURCES_SIZE} characters in all`;
  throw new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', description, {
    metadata: { subject },
    quotas: [{ subject, description }],
  });
}

function byUser(one: PersonalSource, other: PersonalSource): number {
  return one.userId < other.userId ? -1 : 1;
}
