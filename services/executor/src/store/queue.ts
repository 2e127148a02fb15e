import { type Claimed, claimDue, type Database, giveBack } from '@ramet/database';
import type { Storage } from '../domain/storage.js';
import type { Workload } from '../domain/workload.js';
import { FIND, FIND_STORAGES } from './statements.js';
import { type StorageRow, storedIn } from './storage-ledger.js';
import { toWorkload, type WorkloadRow } from './workload-row.js';

/** A workload with something to do, as claimed by a reconciler. */
export interface DueWorkload extends Claimed {
  readonly workload: Workload;
  /** The database's time of the claim. */
  readonly now: Date;
}

/** A storage with something to do. */
export interface DueStorage extends Claimed {
  readonly storage: Storage;
}

/** Something of this host with something to do. */
export type Due = DueWorkload | DueStorage;

const LEASE_MS = 60_000;

/** What a host has to do next, about workloads and storages alike. */
export class Queue {
  readonly #db: Database;
  readonly #hostId: string;

  constructor(db: Database, hostId: string) {
    this.#db = db;
    this.#hostId = hostId;
  }

  /** Claims what is due on this host. */
  async claim(limit: number): Promise<readonly Due[]> {
    const only = { column: 'host_id', value: this.#hostId };
    const claimed = await claimDue(this.#db, { limit, leaseMs: LEASE_MS, only });
    if (claimed.length === 0) return [];
    const ids = claimed.map(({ id }) => id);
    const workloads = await this.#db.query<WorkloadRow & { now: Date }>(FIND, [ids]);
    const rows = new Map(workloads.map((row) => [row.execution_id, row]));
    const others = ids.filter((id) => !rows.has(id));
    const storages = new Map((await this.#storages(others)).map((each) => [each.cloneId, each]));
    return claimed.flatMap((claim): readonly Due[] => {
      const row = rows.get(claim.id);
      if (row) return [{ ...claim, workload: toWorkload(row), now: row.now }];
      const storage = storages.get(claim.id);
      return storage ? [{ ...claim, storage }] : [];
    });
  }

  /** Gives back what was claimed and not begun. */
  async giveBack(claimed: readonly Claimed[]): Promise<void> {
    await giveBack(this.#db, claimed);
  }

  async #storages(cloneIds: readonly string[]): Promise<readonly Storage[]> {
    if (cloneIds.length === 0) return [];
    const rows = await this.#db.query<StorageRow>(FIND_STORAGES, [cloneIds]);
    return rows.map((row) => storedIn(row).storage);
  }
}
