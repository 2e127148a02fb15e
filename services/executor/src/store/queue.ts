import { type Claimed, claimDue, type Database, giveBack } from '@ramet/database';
import type { Clock } from '@ramet/service';
import type { Storage } from '../domain/storage.js';
import { FIND, FIND_STORAGES } from './statements.js';
import { type StorageRow, storedIn } from './storage-ledger.js';
import type { ReadWorkload } from './workload-changes.js';
import { type StoredRow, toStored } from './workload-row.js';

/** A workload with something to do, as claimed by a reconciler. */
export interface DueWorkload extends Claimed {
  readonly read: ReadWorkload;
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
  readonly #clock: Clock;

  constructor(db: Database, hostId: string, clock: Clock) {
    this.#db = db;
    this.#hostId = hostId;
    this.#clock = clock;
  }

  /** Claims what is due on this host. */
  async claim(limit: number): Promise<readonly Due[]> {
    const only = { column: 'host_id', value: this.#hostId };
    const claimed = await claimDue(this.#db, { limit, leaseMs: LEASE_MS, only });
    if (claimed.length === 0) return [];
    const ids = claimed.map(({ id }) => id);
    const workloads = await this.#db.query<StoredRow & { now: Date }>(FIND, [ids]);
    const start = this.#clock.elapsed();
    const passed = (): number => Math.round(this.#clock.elapsed() - start);
    const reads = new Map(
      workloads.map((row) => {
        const now = (): Date => new Date(row.now.getTime() + passed());
        return [row.execution_id, { ...toStored(row), now }];
      }),
    );
    const others = ids.filter((id) => !reads.has(id));
    const storages = new Map((await this.#storages(others)).map((each) => [each.cloneId, each]));
    return claimed.flatMap((claim): readonly Due[] => {
      const read = reads.get(claim.id);
      if (read) return [{ ...claim, read }];
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
