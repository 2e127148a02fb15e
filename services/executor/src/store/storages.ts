import { type Database, finishAll, StaleLease } from '@ramet/database';
import { conflict } from '@ramet/errors';
import { discarded, type Storage, vanished } from '../domain/storage.js';
import {
  lockStorages,
  recordStorage,
  type StorageRow,
  storedIn,
  writeStorages,
} from './storage-ledger.js';
import type { Step } from './workload-changes.js';

/** The end of a step about a storage. */
export interface StorageStep extends Pick<Step, 'leaseSeq' | 'error'> {
  /** Whether nothing of it is left outside. */
  readonly isGone: boolean;
  /** When the next step is due; null when there is nothing left to do. */
  readonly dueInMs: number | null;
}

/** The ledger of storages. They are recorded with the workloads that need them. */
export class Storages {
  readonly #db: Database;
  readonly #hostId: string;

  constructor(db: Database, hostId: string) {
    this.#db = db;
    this.#hostId = hostId;
  }

  /** The storage of a clone. Throws if it has none. */
  async get(cloneId: string): Promise<Storage> {
    const [row] = await this.#db.query<StorageRow>(FIND, [cloneId]);
    if (!row) throw new Error(`the clone has no storage: ${cloneId}`);
    return storedIn(row).storage;
  }

  /** The storages of this host of which something may exist outside. */
  async onHost(): Promise<readonly Storage[]> {
    const rows = await this.#db.query<StorageRow>(ON_HOST, [this.#hostId]);
    return rows.map((row) => storedIn(row).storage);
  }

  /**
   * Records that nothing is to be left of a clone's storage. Says whether nothing is, already.
   *
   * Throws STORAGE_IN_USE while a workload of the clone may run. Whoever records a workload has
   * the storage locked, so that none is missed.
   */
  async discard(cloneId: string, actor: string): Promise<boolean> {
    const [row] = await this.#db.query<StorageRow>(FIND, [cloneId]);
    if (!row || row.state === 'removed') return true;
    return this.#db.transaction(async (tx) => {
      const stored = (await lockStorages(tx, [cloneId])).get(cloneId);
      if (!stored?.storage || stored.storage.state === 'removed') return true;
      const [user] = await tx.query<{ execution_id: string }>(USERS, [cloneId]);
      if (user) throw inUse(cloneId, user.execution_id);

      const next = discarded(stored.storage);
      if (next === stored.storage) return false;
      await writeStorages(tx, [recordStorage(stored, next, actor)]);
      await tx.query(DUE, [cloneId, next.hostId]);
      return false;
    });
  }

  /** Ends a step about a storage. Throws StaleLease if somebody else has it by now. */
  async finish(cloneId: string, actor: string, step: StorageStep): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const stored = (await lockStorages(tx, [cloneId])).get(cloneId);
      if (!stored) throw new Error(`the clone has no storage: ${cloneId}`);
      const { isGone, ...finished } = step;
      const current = await finishAll(tx, [{ id: cloneId, ...finished }]);
      if (!current.has(cloneId)) throw new StaleLease(cloneId);

      const next = isGone ? vanished(stored.storage, stored.now) : stored.storage;
      if (next !== stored.storage) await writeStorages(tx, [recordStorage(stored, next, actor)]);
    });
  }
}

function inUse(cloneId: string, executionId: string) {
  const message = `execution ${executionId} may still run in it`;
  return conflict('STORAGE_IN_USE', { kind: 'clone', id: cloneId }, message);
}

const FIND = 'select * from storage where clone_id = $1';

const ON_HOST = `
  select * from storage where host_id = $1 and state <> 'removed' order by clone_id`;

const USERS = `
  select execution_id from workload
  where clone_id = $1 and state in ('pending', 'running', 'stopping', 'removing')
  limit 1`;

const DUE = `
  insert into work (id, host_id, due_at) values ($1, $2, ramet_now())
  on conflict (id) do update set due_at = ramet_now(), host_id = excluded.host_id`;
