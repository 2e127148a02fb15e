import type { Database } from '@ramet/database';
import { notFound } from '@ramet/errors';
import { type EntityManager, IsNull, MoreThan } from 'typeorm';
import { newApiKey } from '../domain/api-key.js';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import { type DecideUser, newUser, requireOtherAdmin, type User } from '../domain/user.js';
import { apiKeyChanged } from '../events.js';
import { insertApiKey, type KeyWish } from './api-keys.js';
import { list } from './list.js';
import { readNow } from './now.js';
import { claim } from './once.js';
import { advance, changeUser, endProofsOf, insertUser, lockUser } from './user-chain.js';
import { UserTable } from './user-table.js';

type UserWish = Pick<User, 'id' | 'name' | 'admin'>;

/** The users, in Postgres. Whatever is written is recorded in the user's history. */
export class Users {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads a user. Throws USER_NOT_FOUND if there is none, or the asker may not see them. */
  async get(id: string, asker: Asker): Promise<User> {
    return find(this.#db.manager, id, asker);
  }

  /** Lists all people, by id. */
  async list(ask: PageAsk, asker: Asker): Promise<Page<User>> {
    const read = (after: string, take: number): Promise<User[]> => {
      const where = { id: MoreThan(after), teamId: IsNull() };
      return this.#db.manager.find(UserTable, { where, order: { id: 'asc' }, take });
    };
    return list({ ask, asker, of: ['users'], read, keyOf: ({ id }) => id });
  }

  /** Creates a user, or finds the one that the same request has created. Throws NAME_TAKEN. */
  async create(wish: UserWish, asker: Asker, once: Once): Promise<User> {
    return this.#db.transaction(async (tx) => {
      const created = await claim(tx, asker, once, wish.id);
      if (created !== undefined) return find(tx.manager, created, asker);

      const user = newUser(wish, await readNow(tx));
      await insertUser(tx, user, asker);
      return user;
    });
  }

  /**
   * Changes a person as `decide` says. Throws USER_NOT_FOUND, and LAST_ADMIN if no administrator
   * would be left.
   */
  async change(id: string, asker: Asker, decide: DecideUser): Promise<User> {
    return this.#db.transaction(async (tx) => {
      // All administrators first, in one order: two of them may be disabled at once.
      const admins = await tx.query<{ id: string }>(LOCK_ADMINS);
      const head = await lockUser(tx, id);
      const user = await find(tx.manager, id, asker);
      if (!head || user.teamId !== null) throw notFound('user', id);
      const change = await changeUser(tx, { user, head, decide }, asker);
      if (!change) return user;
      if (change.event === 'disabled')
        requireOtherAdmin(
          user,
          admins.map((admin) => admin.id),
        );
      await endProofsOf(tx, change);
      return change.user;
    });
  }

  /** Tells whether the mesh has had its first administrator. */
  async isBootstrapped(): Promise<boolean> {
    return (await this.#db.query('select true as done from bootstrap')).length > 0;
  }

  /**
   * Creates the first administrator with an API key. Undefined if there was one before.
   *
   * Of two that come at once, one waits for the other: the one row of `bootstrap` decides.
   */
  async bootstrap(wish: Omit<UserWish, 'admin'>, key: KeyWish): Promise<User | undefined> {
    return this.#db.transaction(async (tx) => {
      const user = newUser({ ...wish, admin: true }, await readNow(tx));
      const by = { actor: `user:${user.id}`, cause: 'bootstrap' };
      const [first] = await tx.query(BOOTSTRAP, [user.id, user.createdAt]);
      if (!first) return undefined;

      const head = await insertUser(tx, user, by);
      const apiKey = newApiKey(key, user.createdAt);
      await insertApiKey(tx, apiKey, key.hash);
      await advance(tx, head, apiKeyChanged('created', apiKey), by);
      return { ...user, revision: user.revision + 1 };
    });
  }
}

const LOCK_ADMINS = `
  select id from mesh_user where admin and disabled_at is null order by id for no key update`;

const BOOTSTRAP = `
  insert into bootstrap (user_id, at) values ($1, $2)
  on conflict do nothing
  returning true as first`;

async function find(manager: EntityManager, id: string, asker: Asker): Promise<User> {
  const user = await manager.findOneBy(UserTable, { id });
  if (!user || (user.id !== asker.id && !asker.seesAll)) throw notFound('user', id);
  return user;
}
