import {
  appendHistory,
  type Head,
  type NewHistory,
  NO_HISTORY,
  nextLink,
  type Tx,
} from '@ramet/database';
import type { Storage, StorageState } from '../domain/storage.js';
import { storageEvent } from '../events.js';

/** A storage as it lies in Postgres. migrations/0002_storage.sql has the constraints and why. */
export interface StorageRow {
  readonly clone_id: string;
  readonly host_id: string;
  readonly state: StorageState;
  readonly fresh_epoch: number;
  readonly seq: number;
  readonly hash: Buffer;
  readonly created_at: Date;
  readonly removed_at: Date | null;
}

/** A storage with the head of its history. Of a new one there is no storage yet. */
export interface StoredStorage {
  readonly storage?: Storage;
  readonly head: Head;
}

/** A storage under its lock, and the time. */
export interface LockedStorage extends Required<StoredStorage> {
  readonly now: Date;
}

/** A change of a storage that is about to be written. */
export interface RecordedStorage extends NewHistory {
  readonly storage: Storage;
}

/** The storage in a row, with its head. */
export function storedIn(row: StorageRow): Required<StoredStorage> {
  const storage: Storage = {
    cloneId: row.clone_id,
    hostId: row.host_id,
    state: row.state,
    freshEpoch: row.fresh_epoch,
    createdAt: row.created_at,
    ...(row.removed_at && { removedAt: row.removed_at }),
  };
  return { storage, head: { seq: row.seq, hash: row.hash } };
}

/** A change with its entry in the history, which follows the one before. */
export function recordStorage(
  stored: StoredStorage | undefined,
  storage: Storage,
  actor: string,
): RecordedStorage {
  const prev = stored?.head ?? NO_HISTORY;
  const { kind, payload } = storageEvent(storage, prev.seq === 0);
  const next = nextLink(prev, storage.cloneId, payload);
  return { aggregate: storage.cloneId, kind, actor, payload, prev, next, storage };
}

/** Writes storages as they are now, and their history. */
export async function writeStorages(tx: Tx, recorded: readonly RecordedStorage[]): Promise<void> {
  if (recorded.length === 0) return;
  // Of two changes of one storage the last holds the whole result.
  const last = [...new Map(recorded.map((each) => [each.aggregate, each])).values()];
  const all = <Value>(of: (each: RecordedStorage) => Value): Value[] => last.map(of);
  await tx.query(WRITE, [
    all(({ aggregate }) => aggregate),
    all(({ storage }) => storage.hostId),
    all(({ storage }) => storage.state),
    all(({ storage }) => storage.freshEpoch),
    all(({ next }) => next.seq),
    all(({ next }) => next.hash),
    all(({ storage }) => storage.createdAt),
    all(({ storage }) => storage.removedAt ?? null),
  ]);
  await appendHistory(tx, recorded);
}

/** Locks storages, in one order. */
export async function lockStorages(
  tx: Tx,
  cloneIds: readonly string[],
): Promise<Map<string, LockedStorage>> {
  const rows = await tx.query<StorageRow & { now: Date }>(LOCK, [cloneIds]);
  return new Map(rows.map((row) => [row.clone_id, { ...storedIn(row), now: row.now }]));
}

const LOCK = `
  select *, ramet_now() as now from storage
  where clone_id = any($1::text[]) order by clone_id for no key update`;

const WRITE = `
  insert into storage
    (clone_id, host_id, state, fresh_epoch, seq, hash, created_at, removed_at)
  select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::bytea[],
    $7::timestamptz[], $8::timestamptz[]
  ) as new (clone_id, host_id, state, fresh_epoch, seq, hash, created_at, removed_at)
  order by clone_id
  on conflict (clone_id) do update set
    host_id = excluded.host_id, state = excluded.state, fresh_epoch = excluded.fresh_epoch,
    seq = excluded.seq, hash = excluded.hash, created_at = excluded.created_at,
    removed_at = excluded.removed_at`;
