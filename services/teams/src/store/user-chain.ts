import { type Head, NO_HISTORY, type Tx, violates } from '@ramet/database';
import { nameTaken } from '../domain/name.js';
import type { User } from '../domain/user.js';
import { type Event, userCreated } from '../events.js';
import { NOW } from './now.js';
import { type By, type Chained, record } from './record.js';

/** A user whose row is locked: the end of their chain, and the time of the change. */
export interface LockedUser extends Chained {
  readonly now: Date;
}

/** Locks a user, so that their history is written by one at a time. Undefined: no such user. */
export async function lockUser(tx: Tx, id: string): Promise<LockedUser | undefined> {
  const sql = `select seq, hash, ${NOW} as now from mesh_user where id = $1 for no key update`;
  const [row] = await tx.query<LockedUser>(sql, [id]);
  return row;
}

/** Inserts a user and begins their history. Throws NAME_TAKEN. */
export async function insertUser(tx: Tx, user: User, by: By): Promise<Head> {
  const head = await record(tx, NO_HISTORY, userCreated(user), by);
  const sql = `
    insert into mesh_user (id, name, admin, created_at, updated_at, seq, hash)
    values ($1, $2, $3, $4, $5, $6, $7)`;
  const { id, name, admin, createdAt, updatedAt } = user;
  try {
    await tx.query(sql, [id, name, admin, createdAt, updatedAt, head.seq, head.hash]);
  } catch (thrown) {
    throw violates(thrown, 'user_name') ? nameTaken('user', name) : thrown;
  }
  return head;
}

/** Adds to the history of a user whose row is locked. */
export async function advance(tx: Tx, prev: Head, event: Event, by: By): Promise<void> {
  const { seq, hash } = await record(tx, prev, event, by);
  const sql = 'update mesh_user set seq = $2, hash = $3 where id = $1';
  await tx.query(sql, [event.aggregate, seq, hash]);
}
