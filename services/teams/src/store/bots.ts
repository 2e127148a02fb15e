import { type Database, NO_HISTORY, type Queries, type Tx, violates } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { AdmissionFacts, AdmissionWish } from '../domain/admission.js';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import {
  type Bot,
  type BotState,
  type BotView,
  type DecideBot,
  newBot,
  type SeenBot,
} from '../domain/bot.js';
import { nameTaken } from '../domain/name.js';
import { ownerIdOf } from '../domain/owner-standing.js';
import { type Role, requireRight, type Standing, standingOf } from '../domain/role.js';
import type { PersonalSource, Program, Source } from '../domain/source.js';
import { botChanged } from '../events.js';
import { list } from './list.js';
import { NOW } from './now.js';
import { claim } from './once.js';
import { type Chained, record } from './record.js';
import { STANDING, type StandingRow, toStanding } from './standing-row.js';

type BotWish = Pick<Bot, 'id' | 'teamId' | 'name'> & { readonly program: Program | undefined };
type BotRow = Bot & { readonly personalSource: Source | null };

/** The bots and their sources, in Postgres. `create` and `change` are the only writers. */
export class Bots {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads a bot. Throws BOT_NOT_FOUND if there is none, or the asker may not see it. */
  async get(id: string, asker: Asker): Promise<SeenBot> {
    return find(this.#db, id, asker);
  }

  /** Lists the bots of a team, by id. Throws TEAM_NOT_FOUND. */
  async list(teamId: string, ask: PageAsk, asker: Asker): Promise<Page<SeenBot>> {
    const read = async (after: string, limit: number): Promise<Listed[]> => {
      const params = [teamId, asker.id, asker.seesAll, after, limit, PAGE_CHARACTERS];
      const rows = await this.#db.query<BotRow & { more: boolean }>(LIST, params);
      if (rows.length === 0) throw notFound('team', teamId);
      // A team that is seen but has no bots comes as one row of nulls.
      return rows
        .filter((row) => row.id !== null)
        .map(({ more, ...row }) => ({ ...toSeen(row), more }));
    };
    return list({ ask, asker, of: ['bots', teamId], read, keyOf: ({ bot }) => bot.id });
  }

  /** What decides whether a user may create a clone of a bot. One statement: creates wait for it. */
  async admissionFacts(wish: AdmissionWish): Promise<AdmissionFacts | undefined> {
    const { botId, owner, userId } = wish;
    type Row = Omit<AdmissionFacts, 'standing' | 'ownerStanding'> &
      StandingRow & { readonly role: Role | null; readonly admin: boolean };
    const [row] = await this.#db.query<Row>(ADMISSION, [botId, userId, ownerIdOf(owner)]);
    if (!row) return undefined;
    const { role, admin, botName, teamId, teamSource, personalSource, userDeniedReason } = row;
    const { isServiceAccount } = row;
    return {
      ...{ botId, botName, teamId, teamSource, personalSource, userDeniedReason, isServiceAccount },
      standing: standingOf(role, admin),
      ownerStanding: toStanding(owner, row),
    };
  }

  /**
   * Creates a bot, or finds the one that the same request has created.
   *
   * Throws TEAM_NOT_FOUND, PERMISSION_DENIED, NAME_TAKEN.
   */
  async create(wish: BotWish, asker: Asker, once: Once): Promise<SeenBot> {
    return this.#db.transaction(async (tx) => {
      const { standing, now } = await holdTeam(tx, wish.teamId, asker);
      requireRight(standing, 'bots.create');
      const created = await claim(tx, asker, once, wish.id);
      if (created !== undefined) return find(tx, created, asker);

      const state = newBot(wish, now);
      const head = await record(tx, NO_HISTORY, botChanged({ event: 'created', state }), asker);
      await insert(tx, state.bot, head);
      return { bot: state.bot, personalSource: null };
    });
  }

  /**
   * Changes a bot or its sources as `decide` says, holding the bot's row meanwhile.
   *
   * `decide` must be pure. Throws BOT_NOT_FOUND if there is no such bot, or the asker may not see
   * it.
   */
  async change(id: string, asker: Asker, decide: DecideBot): Promise<SeenBot> {
    return this.#db.transaction(async (tx) => {
      const { head, view } = await lock(tx, id, asker);
      const change = decide(view);
      if (!change) return seenBy(asker, view);

      const revised = { revision: view.bot.revision + 1, updatedAt: view.now };
      const state = { ...change.state, bot: { ...change.state.bot, ...revised } };
      const next = await record(tx, head, botChanged({ ...change, state }), asker);
      await update(tx, state.bot, next);
      for (const source of state.personalSources) {
        if (!view.personalSources.includes(source)) await upsertSource(tx, id, source);
      }
      return seenBy(asker, state);
    });
  }
}

interface Listed extends SeenBot {
  readonly more: boolean;
}

/** What the sources on one page have together at most, but for a single bot. */
const PAGE_CHARACTERS = 512 * 1024;

const BOT = `
  b.id, b.team_id as "teamId", b.name, b.team_source as "teamSource", b.created_at as "createdAt",
  b.updated_at as "updatedAt", b.deleted_at as "deletedAt", b.seq as revision`;

const GET = `
  select ${BOT}, p.source as "personalSource" from bot b
  left join personal_source p on p.bot_id = b.id and p.user_id = $2
  where b.id = $1 and ($3 or exists (
    select from team_member where team_id = b.team_id and user_id = $2))`;

const LIST = `
  select page.* from team t
  left join lateral (
    select sized.*, lead(id) over (order by id) is not null as more,
      sum(size) over (order by id) - size as "sizeBefore"
    from (
      select ${BOT}, p.source as "personalSource",
        coalesce(length(b.team_source::text), 0) + coalesce(length(p.source::text), 0) as size
      from bot b left join personal_source p on p.bot_id = b.id and p.user_id = $2
      where b.team_id = t.id and b.deleted_at is null and b.id > $4
      order by b.id limit $5
    ) as sized
  ) as page on page."sizeBefore" < $6
  where t.id = $1 and t.deleted_at is null and ($3 or exists (
    select from team_member where team_id = t.id and user_id = $2))
  order by page.id`;

const ADMISSION = `
  select b.id as "botId", b.name as "botName", b.team_id as "teamId", m.role, u.admin,
    b.team_source as "teamSource", p.source as "personalSource",
    d.denied_reason as "userDeniedReason", u.team_id is not null as "isServiceAccount", ${STANDING}
  from bot b
  join mesh_user u on u.id = $2 and u.disabled_at is null and u.deleted_at is null
  left join team_member m on m.team_id = b.team_id and m.user_id = u.id
  left join personal_source p on p.bot_id = b.id and p.user_id = u.id
  left join standing d on d.owner_id = u.id
  left join standing s on s.owner_id = $3
  where b.id = $1 and b.deleted_at is null`;

const LOCK = `select ${BOT}, b.hash, ${NOW} as now from bot b where b.id = $1 for no key update`;

// A statement of its own: it sees what was committed while LOCK waited.
const AROUND = `
  select (select role from team_member where team_id = $2 and user_id = $3) as role, coalesce((
    select jsonb_agg(jsonb_build_object('userId', user_id, 'source', source) order by user_id)
    from personal_source where bot_id = $1), '[]') as "personalSources"`;

// A deletion of the team waits for the end of this, or this for the deletion.
const HOLD_TEAM = `
  select ${NOW} as now, m.role
  from team t left join team_member m on m.team_id = t.id and m.user_id = $2
  where t.id = $1 and t.deleted_at is null
  for share of t`;

async function find(db: Queries, id: string, asker: Asker): Promise<SeenBot> {
  const [row] = await db.query<BotRow>(GET, [id, asker.id, asker.seesAll]);
  if (!row) throw notFound('bot', id);
  return toSeen(row);
}

async function holdTeam(
  tx: Tx,
  teamId: string,
  asker: Asker,
): Promise<{ readonly standing: Standing; readonly now: Date }> {
  type Row = { role: Role | null; now: Date };
  const [team] = await tx.query<Row>(HOLD_TEAM, [teamId, asker.id]);
  const standing = standingOf(team?.role, asker.seesAll);
  if (!team || standing === 'stranger') throw notFound('team', teamId);
  return { standing, now: team.now };
}

async function lock(
  tx: Tx,
  id: string,
  asker: Asker,
): Promise<{ readonly head: Chained; readonly view: BotView }> {
  const [locked] = await tx.query<Bot & { hash: Buffer; now: Date }>(LOCK, [id]);

  // Also where there is none: a bot that is not seen takes the same statements.
  type Around = { role: Role | null; personalSources: readonly PersonalSource[] };
  const [around] = await tx.query<Around>(AROUND, [id, locked?.teamId ?? '', asker.id]);
  const standing = standingOf(around?.role, asker.seesAll);
  if (!locked || standing === 'stranger') throw notFound('bot', id);

  const { hash, now, ...bot } = locked;
  const view = { bot, personalSources: around?.personalSources ?? [], standing, now };
  return { head: { seq: bot.revision, hash }, view };
}

async function insert(tx: Tx, bot: Bot, { seq, hash }: Chained): Promise<void> {
  const sql = `
    insert into bot (id, team_id, name, team_source, created_at, updated_at, seq, hash)
    values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8)`;
  const { id, teamId, name, teamSource, createdAt, updatedAt } = bot;
  try {
    await tx.query(sql, [id, teamId, name, teamSource, createdAt, updatedAt, seq, hash]);
  } catch (thrown) {
    throw violates(thrown, 'bot_name') ? nameTaken('bot', name) : thrown;
  }
}

async function update(tx: Tx, bot: Bot, { seq, hash }: Chained): Promise<void> {
  const sql = `
    update bot set team_source = $2::jsonb, updated_at = $3, deleted_at = $4, seq = $5, hash = $6
    where id = $1`;
  await tx.query(sql, [bot.id, bot.teamSource, bot.updatedAt, bot.deletedAt, seq, hash]);
}

async function upsertSource(
  tx: Tx,
  botId: string,
  { userId, source }: PersonalSource,
): Promise<void> {
  const sql = `
    insert into personal_source (bot_id, user_id, source) values ($1, $2, $3::jsonb)
    on conflict (bot_id, user_id) do update set source = excluded.source`;
  await tx.query(sql, [botId, userId, source]);
}

function toSeen({ personalSource, ...bot }: BotRow): SeenBot {
  return { bot, personalSource };
}

function seenBy({ id }: Asker, { bot, personalSources }: BotState): SeenBot {
  const own = personalSources.find(({ userId }) => userId === id);
  return { bot, personalSource: own?.source ?? null };
}
