import { appendHistory, type Head, NO_HISTORY, nextLink, type Queries } from '@ramet/database';
import type { Algorithm } from '../domain/algorithm.js';
import type { Key } from '../domain/key.js';
import type { Owner } from '../domain/owner.js';
import type { Event } from '../events.js';

/** A row of `key` with its hold. */
export interface KeyRow {
  readonly id: string;
  readonly owner_kind: Owner['kind'];
  readonly owner_id: string;
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly venue: string;
  readonly venue_key_id: string;
  readonly public_key: Buffer;
  readonly origin: Key['origin'];
  readonly labels: Record<string, string>;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly seq: number;
  readonly hash: Buffer;
  readonly hold_clone_id: string | null;
  readonly hold_created_at: Date | null;
}

/** Reads keys with their holds, for statements that go on with a condition. */
export const SELECT_KEY = `
  select key.*, hold.clone_id as hold_clone_id, hold.created_at as hold_created_at
  from key left join hold on hold.key_id = key.id`;

/** A key that is being changed: its row is locked. */
export interface LockedKey {
  readonly key: Key;
  readonly head: Head;
  /** The time of the change, by the database's clock, in whole milliseconds. */
  readonly now: Date;
}

/** Locks a key, deleted or not, until the end of the transaction. */
export async function lockKey(tx: Queries, keyId: string): Promise<LockedKey | undefined> {
  const [row] = await tx.query<KeyRow & { readonly now: Date }>(LOCK, [keyId]);
  if (!row) return undefined;
  return { key: toKey(row), head: { seq: row.seq, hash: row.hash }, now: row.now };
}

const LOCK =
  'select (l.locked).*, l.hold_clone_id, l.hold_created_at, l.now from lock_key($1) as l';

/** Who changes something, and why. */
export interface Cause {
  readonly actor: string;
  readonly cause?: string;
}

/** One change: its event, and the key right after it. */
export interface Change {
  readonly event: Event;
  readonly key: Key;
}

/** Records changes of a locked key, its hold and its grants, and writes the head to its row. */
export async function recordChanges(
  tx: Queries,
  { head }: Pick<LockedKey, 'head'>,
  changes: readonly Change[],
  cause: Cause,
): Promise<void> {
  const last = changes.at(-1)?.key;
  if (!last) return;
  const final = await append(tx, head, changes, cause);
  const sql = `
    update key set updated_at = $2, deleted_at = $3, seq = $4, hash = $5 where id = $1`;
  const { id, updatedAt, deletedAt } = last;
  await tx.query(sql, [id, updatedAt, deletedAt ?? null, final.seq, final.hash]);
}

/** Records the first change of a key. Returns the head for its row, which is not there yet. */
export async function recordFirst(tx: Queries, change: Change, cause: Cause): Promise<Head> {
  return append(tx, NO_HISTORY, [change], cause);
}

async function append(
  tx: Queries,
  head: Head,
  changes: readonly Change[],
  { actor, cause }: Cause,
): Promise<Head> {
  let prev = head;
  const rows = changes.map(({ event: { kind, payload }, key: { id } }) => {
    const next = nextLink(prev, id, payload);
    const row = { aggregate: id, kind, actor, payload, prev, next, ...(cause && { cause }) };
    prev = next;
    return row;
  });
  await appendHistory(tx, rows);
  return prev;
}

/** A row as the domain knows it. */
export function toKey(row: KeyRow): Key {
  const { hold_clone_id: cloneId, hold_created_at: heldAt } = row;
  return {
    id: row.id,
    owner: { kind: row.owner_kind, id: row.owner_id },
    name: row.name,
    algorithm: row.algorithm,
    venue: row.venue,
    venueKeyId: row.venue_key_id,
    publicKey: row.public_key,
    origin: row.origin,
    labels: row.labels,
    version: row.version,
    hold: cloneId !== null && heldAt !== null ? { cloneId, createdAt: heldAt } : undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at ?? undefined,
    seq: row.seq,
  };
}
