import type { Database, Queries } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import { requireRight } from '../domain/role.js';
import { type AccountWish, newAccount, type ServiceAccount } from '../domain/service-account.js';
import { without } from '../domain/team.js';
import type { DecideUser, User } from '../domain/user.js';
import { list } from './list.js';
import { claim } from './once.js';
import { lockTeam, writeTeam } from './team-rows.js';
import { changeUser, endProofsOf, insertUser, lockUser } from './user-chain.js';

/** The service accounts, in Postgres. Every change locks the team first, then the account. */
export class ServiceAccounts {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Creates a service account in a team, or finds the one that the same request has created.
   *
   * Throws TEAM_NOT_FOUND, NAME_TAKEN and like `newAccount`.
   */
  async create(wish: AccountWish, asker: Asker, once: Once): Promise<ServiceAccount> {
    return this.#db.transaction(async (tx) => {
      const locked = await lockTeam(tx, { id: wish.teamId, candidate: undefined }, asker);
      if (!locked || locked.view.standing === 'stranger') throw notFound('team', wish.teamId);
      const created = await claim(tx, asker, once, wish.id);
      if (created !== undefined) return get(tx, created);

      const { user, change } = newAccount(wish, locked.view);
      await insertUser(tx, user, asker);
      await writeTeam(tx, locked, change, asker);
      return { user, role: wish.role };
    });
  }

  /** Lists the service accounts of a team, by id. Throws TEAM_NOT_FOUND. */
  async list(teamId: string, ask: PageAsk, asker: Asker): Promise<Page<ServiceAccount>> {
    const [seen] = await this.#db.query(SEEN, [teamId, asker.id, asker.seesAll]);
    if (!seen) throw notFound('team', teamId);
    const read = async (after: string, limit: number): Promise<readonly ServiceAccount[]> =>
      (await this.#db.query<Row>(LIST, [teamId, after, limit])).map(toAccount);
    const of = ['service_accounts', teamId];
    return list({ ask, asker, of, read, keyOf: ({ user }) => user.id });
  }

  /**
   * Changes a service account as `decide` says. One that is deleted leaves its team.
   *
   * Throws USER_NOT_FOUND if there is none, or the asker is not in its team; PERMISSION_DENIED.
   */
  async change(id: string, asker: Asker, decide: DecideUser): Promise<ServiceAccount> {
    const found = await find(this.#db, id);
    return this.#db.transaction(async (tx) => {
      // Also where there is none: one that is not seen takes the same statements.
      const key = { id: found?.user.teamId ?? '', candidate: undefined };
      const locked = await lockTeam(tx, key, asker);
      if (!locked || locked.view.standing === 'stranger') throw notFound('user', id);
      requireRight(locked.view.standing, 'service_accounts.manage');
      const head = await lockUser(tx, id);
      const account = await get(tx, id);
      const change = head && (await changeUser(tx, { user: account.user, head, decide }, asker));
      if (!change) return account;

      const left = change.user.deletedAt && without(locked.view, id);
      if (left) await writeTeam(tx, locked, left, asker);
      await endProofsOf(tx, change);
      return { user: change.user, role: left ? null : account.role };
    });
  }
}

type Row = User & Pick<ServiceAccount, 'role'>;

const ACCOUNT = `
  u.id, u.name, u.admin, u.team_id as "teamId", u.created_at as "createdAt",
  u.updated_at as "updatedAt", u.disabled_at as "disabledAt",
  u.disabled_reason as "disabledReason", u.deleted_at as "deletedAt", u.seq as revision, m.role`;

const FROM = `
  from mesh_user u left join team_member m on m.team_id = u.team_id and m.user_id = u.id`;

const LIST = `
  select ${ACCOUNT} ${FROM}
  where u.team_id = $1 and u.deleted_at is null and u.id > $2
  order by u.id limit $3`;

const SEEN = `
  select true as seen from team t
  where t.id = $1 and t.deleted_at is null and ($3 or exists (
    select from team_member where team_id = t.id and user_id = $2))`;

async function get(db: Queries, id: string): Promise<ServiceAccount> {
  const found = await find(db, id);
  if (!found) throw notFound('user', id);
  return found;
}

async function find(db: Queries, id: string): Promise<ServiceAccount | undefined> {
  const sql = `select ${ACCOUNT} ${FROM} where u.id = $1 and u.team_id is not null`;
  const [row] = await db.query<Row>(sql, [id]);
  return row && toAccount(row);
}

function toAccount({ role, ...user }: Row): ServiceAccount {
  return { user, role };
}
