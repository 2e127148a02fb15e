import { type Head, NO_HISTORY, type Tx, violates } from '@ramet/database';
import { nameTaken } from '../domain/name.js';
import type { DecideUser, User, UserChange } from '../domain/user.js';
import { type Event, userChanged, userCreated } from '../events.js';
import { IS_GOOD_USER } from './good-user.js';
import { NOW } from './now.js';
import { type By, type Chained, record } from './record.js';
import { isRevoked, revokeTokens } from './revocations.js';

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
    insert into mesh_user (id, name, admin, team_id, created_at, updated_at, seq, hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8)`;
  const { id, name, admin, teamId, createdAt, updatedAt } = user;
  try {
    await tx.query(sql, [id, name, admin, teamId, createdAt, updatedAt, head.seq, head.hash]);
  } catch (thrown) {
    const isTaken = violates(thrown, teamId === null ? 'user_name' : 'service_account_name');
    throw isTaken ? nameTaken('user', name) : thrown;
  }
  return head;
}

/** Decides about a user whose row is locked, and writes what becomes of them. */
export async function changeUser(
  tx: Tx,
  { user, head, decide }: Deciding,
  by: By,
): Promise<UserChange | undefined> {
  const change = decide(user, head.now);
  if (!change) return undefined;
  const { seq, hash } = await record(tx, head, userChanged(change), by);
  const { id, updatedAt, disabledAt, disabledReason, deletedAt } = change.user;
  await tx.query(UPDATE, [id, updatedAt, disabledAt, disabledReason, deletedAt, seq, hash]);
  return change;
}

/**
 * Ends all that a user who was changed had proven before: logins for good, and the tokens. Those that
 * are made after the change are good again.
 *
 * Logins end again when the user is enabled: who took one would have it again.
 */
export async function endProofsOf(tx: Tx, { user }: UserChange): Promise<void> {
  await tx.query(END_LOGINS, [user.id]);
  await revokeTokens(tx, [{ subject: user.id, minVersion: user.revision }]);
}

const END_LOGINS = `
  with over as (
    select id from login where user_id = $1 and revoked_at is null
    order by id for no key update
  )
  update login set revoked_at = ramet_now() where id = any(array(select id from over))`;

const LOCK_GOOD = `select true as good from mesh_user u where u.id = $1 and ${IS_GOOD_USER} for share of u`;

/**
 * Locks a user against being disabled or deleted. False if they were, also since what they have shown
 * was read: what was made of it by then is not good.
 */
export async function lockGoodUser(tx: Tx, { id, ...shown }: ShownUser): Promise<boolean> {
  const [good] = await tx.query(LOCK_GOOD, [id]);
  // A statement of its own: it sees what was committed while LOCK_GOOD waited.
  return good !== undefined && !(await isRevoked(tx, { id, tokenId: '', ...shown }));
}

/** A user, and what they have shown. */
interface ShownUser {
  readonly id: string;
  readonly version: number;
  readonly credentialIds: readonly string[];
}

/** A user who is locked, and what is to be decided about them. */
interface Deciding {
  readonly user: User;
  readonly head: LockedUser;
  readonly decide: DecideUser;
}

const UPDATE = `
  update mesh_user set updated_at = $2, disabled_at = $3, disabled_reason = $4, deleted_at = $5,
                       seq = $6, hash = $7
  where id = $1`;

/** Adds to the history of a user whose row is locked. */
export async function advance(tx: Tx, prev: Head, event: Event, by: By): Promise<void> {
  const { seq, hash } = await record(tx, prev, event, by);
  const sql = 'update mesh_user set seq = $2, hash = $3 where id = $1';
  await tx.query(sql, [event.aggregate, seq, hash]);
}
