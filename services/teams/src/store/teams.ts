import { type Database, NO_HISTORY, type Queries, type Tx, violates } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import { nameTaken } from '../domain/name.js';
import {
  type Candidate,
  type DecideTeam,
  type Member,
  type Membership,
  newTeam,
  type Team,
  type TeamState,
} from '../domain/team.js';
import { teamChanged } from '../events.js';
import { list } from './list.js';
import { claim } from './once.js';
import { type Chained, record } from './record.js';
import { type Revoked, revokeTokens } from './revocations.js';
import { MEMBER, upsertMembers } from './team-members.js';
import { CANDIDATE, lockTeam, TEAM, writeTeam } from './team-rows.js';

/** The teams and who is in them, in Postgres. `create` and `change` are the only writers. */
export class Teams {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads a team. Throws TEAM_NOT_FOUND if there is none, or the asker may not see it. */
  async get(id: string, asker: Asker): Promise<Team> {
    return find(this.#db, id, asker);
  }

  /** Lists the teams that the asker is in, or all, by id. */
  async list(all: boolean, ask: PageAsk, asker: Asker): Promise<Page<Team>> {
    const read = (after: string, limit: number): Promise<Team[]> =>
      all
        ? this.#db.query(LIST_ALL, [after, limit])
        : this.#db.query(LIST_OWN, [after, limit, asker.id]);
    return list({ ask, asker, of: ['teams', all], read, keyOf: ({ id }) => id });
  }

  /**
   * Lists who is in a team, or one of them, by user.
   *
   * Throws TEAM_NOT_FOUND, also if it is asked on behalf of a user who is disabled.
   */
  async listMembers(
    { teamId, userId }: { readonly teamId: string; readonly userId: string },
    ask: PageAsk,
    { onBehalfOf = '', ...asker }: Asker & { readonly onBehalfOf?: string | undefined },
  ): Promise<Page<Member>> {
    const read = async (after: string, limit: number): Promise<Member[]> => {
      const params = [teamId, asker.id, asker.seesAll, userId, after, limit, onBehalfOf];
      const rows = await this.#db.query<Member>(LIST_MEMBERS, params);
      if (rows.length === 0) throw notFound('team', teamId);
      // A team that is seen but has nobody to show comes as one row of nulls.
      return rows.filter((row) => row.userId !== null);
    };
    const of = ['members', teamId, userId];
    return list({ ask, asker, of, read, keyOf: (member) => member.userId });
  }

  /** Lists the teams that a user is in and the user's roles: none if they are not active. */
  async memberships(
    userId: string,
  ): Promise<{ readonly memberships: readonly Membership[]; readonly inactive: boolean }> {
    const rows = await this.#db.query<Membership | NoMembership>(MEMBERSHIPS, [userId]);
    return { memberships: rows.filter(isMembership), inactive: rows.length === 0 };
  }

  /** Creates a team, or finds the one that the same request has created. Throws NAME_TAKEN. */
  async create(wish: Pick<Team, 'id' | 'name'>, asker: Asker, once: Once): Promise<Team> {
    return this.#db.transaction(async (tx) => {
      const created = await claim(tx, asker, once, wish.id);
      if (created !== undefined) return find(tx, created, asker);

      const [owner] = await tx.query<Candidate & { now: Date }>(CANDIDATE, [asker.id]);
      if (!owner) throw notFound('user', asker.id);
      const state = newTeam(wish, owner, owner.now);
      const head = await record(tx, NO_HISTORY, teamChanged({ event: 'created', state }), asker);
      await insert(tx, state, head);
      return state.team;
    });
  }

  /**
   * Changes a team or who is in it as `decide` says, holding the team's row meanwhile.
   *
   * `decide` must be pure. `candidate` is the user that it may make a member. Throws
   * TEAM_NOT_FOUND if there is no such team, or the asker may not see it.
   */
  async change(
    { id, candidate }: { readonly id: string; readonly candidate?: string },
    asker: Asker,
    decide: DecideTeam,
  ): Promise<TeamState> {
    return this.#db.transaction(async (tx) => {
      const locked = await lockTeam(tx, { id, candidate }, asker);
      if (!locked || locked.view.standing === 'stranger') throw notFound('team', id);
      const change = decide(locked.view);
      if (!change) return locked.view;
      const state = await writeTeam(tx, locked, change, asker);
      if (change.event === 'deleted') await revokeTokensOfAccounts(tx, id);
      return state;
    });
  }
}

const GET = `
  select ${TEAM} from team t
  where t.id = $1 and ($3 or exists (
    select from team_member where team_id = t.id and user_id = $2))`;

const LIST_ALL = `
  select ${TEAM} from team t
  where t.id > $1 and t.deleted_at is null
  order by t.id limit $2`;

const LIST_OWN = `
  select ${TEAM} from team_member m join team t on t.id = m.team_id
  where m.user_id = $3 and m.team_id > $1 and t.deleted_at is null
  order by m.team_id limit $2`;

const LIST_MEMBERS = `
  select page.* from team t
  left join lateral (
    select ${MEMBER} from team_member m join mesh_user u on u.id = m.user_id
    where m.team_id = t.id and m.user_id > $5 and ($4 = '' or m.user_id = $4)
    order by m.user_id limit $6
  ) as page on true
  where t.id = $1 and t.deleted_at is null and ($3 or exists (
    select from team_member where team_id = t.id and user_id = $2))
    and not exists (select from mesh_user where id = $7 and disabled_at is not null)
  order by page."userId"`;

const MEMBERSHIPS = `
  select t.id as "teamId", m.role
  from mesh_user u
  left join (team_member m join team t on t.id = m.team_id and t.deleted_at is null)
    on m.user_id = u.id
  where u.id = $1 and u.disabled_at is null and u.deleted_at is null
  order by t.id limit 1000`;

/** What is read of a user who is active and in no team. */
interface NoMembership {
  readonly teamId: null;
}

async function find(db: Queries, id: string, asker: Asker): Promise<Team> {
  const [team] = await db.query<Team>(GET, [id, asker.id, asker.seesAll]);
  if (!team) throw notFound('team', id);
  return team;
}

/** The service accounts of a team end with it. */
async function revokeTokensOfAccounts(tx: Tx, teamId: string): Promise<void> {
  const sql = 'select id as subject from mesh_user where team_id = $1 and deleted_at is null';
  await revokeTokens(tx, await tx.query<Revoked>(sql, [teamId]));
}

async function insert(tx: Tx, { team, members }: TeamState, { seq, hash }: Chained): Promise<void> {
  const sql = `
    insert into team (id, name, created_at, updated_at, seq, hash)
    values ($1, $2, $3, $4, $5, $6)`;
  const { id, name, createdAt, updatedAt } = team;
  try {
    await tx.query(sql, [id, name, createdAt, updatedAt, seq, hash]);
  } catch (thrown) {
    throw violates(thrown, 'team_name') ? nameTaken('team', name) : thrown;
  }
  await upsertMembers(tx, id, members);
}

function isMembership(row: Membership | NoMembership): row is Membership {
  return row.teamId !== null;
}
