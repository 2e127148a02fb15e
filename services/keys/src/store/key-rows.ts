import { appendHistory, type Head, NO_HISTORY, nextLink, type Queries } from '@ramet/database';
import type { Algorithm } from '../domain/algorithm.js';
import type { Key, KeyVersion } from '../domain/key.js';
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
  readonly disabled_at: Date | null;
  readonly valid_from: Date | null;
  readonly valid_until: Date | null;
  readonly is_default: boolean;
  readonly accepted_terms: string;
  readonly deleted_at: Date | null;
  readonly purge_at: Date | null;
  readonly destroyed_at: Date | null;
  readonly versions: readonly VersionRow[];
  readonly seq: number;
  readonly hash: Buffer;
  readonly hold_clone_id: string | null;
  readonly hold_created_at: Date | null;
}

/** A version as the database makes JSON of it. */
interface VersionRow {
  readonly number: number;
  readonly origin: Key['origin'];
  readonly public_key: string;
  readonly venue_key_id: string;
  readonly created_at: string;
  readonly retire_at: string | null;
  readonly destroyed_at: string | null;
}

/** Reads keys with their versions and holds, for statements that go on with a condition. */
export const SELECT_KEY = `
  select key.*, versions_of(key.id) as versions,
         hold.clone_id as hold_clone_id, hold.created_at as hold_created_at
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

const LOCK = `
  select (l.locked).*, l.versions, l.hold_clone_id, l.hold_created_at, l.now
  from lock_key($1) as l`;

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
  await tx.query(UPDATE, [
    last.id,
    last.updatedAt,
    last.name,
    last.venueKeyId,
    last.publicKey,
    last.origin,
    last.labels,
    last.version,
    last.isDefault,
    last.validFrom,
    last.validUntil,
    last.disabledAt,
    last.deletedAt,
    last.purgeAt,
    last.destroyedAt,
    final.seq,
    final.hash,
  ]);
}

/** Everything about a key that can change. */
const UPDATE = `
  update key
  set updated_at = $2, name = $3, venue_key_id = $4, public_key = $5, origin = $6,
      labels = $7::jsonb, version = $8, is_default = $9, valid_from = $10, valid_until = $11,
      disabled_at = $12, deleted_at = $13, purge_at = $14, destroyed_at = $15, seq = $16, hash = $17
  where id = $1`;

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
    versions: row.versions.map(toVersion),
    isDefault: row.is_default,
    acceptedTerms: row.accepted_terms,
    validFrom: row.valid_from ?? undefined,
    validUntil: row.valid_until ?? undefined,
    hold: cloneId !== null && heldAt !== null ? { cloneId, createdAt: heldAt } : undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    disabledAt: row.disabled_at ?? undefined,
    deletedAt: row.deleted_at ?? undefined,
    purgeAt: row.purge_at ?? undefined,
    destroyedAt: row.destroyed_at ?? undefined,
    seq: row.seq,
  };
}

function toVersion(row: VersionRow): KeyVersion {
  const { number, origin, retire_at: retireAt, destroyed_at: destroyedAt } = row;
  return {
    ...{ number, origin, venueKeyId: row.venue_key_id },
    publicKey: Buffer.from(row.public_key, 'base64'),
    createdAt: new Date(row.created_at),
    retireAt: retireAt === null ? undefined : new Date(retireAt),
    destroyedAt: destroyedAt === null ? undefined : new Date(destroyedAt),
  };
}
