import {
  createBatcher,
  type Database,
  decodePageToken,
  encodePageToken,
  NO_HISTORY,
  type Queries,
  type Tx,
} from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import { usedBy } from '../domain/storage.js';
import {
  epochStale,
  neverCreated,
  newWorkload,
  type Placement,
  type Workload,
  type WorkloadIds,
  type WorkloadSpec,
} from '../domain/workload.js';
import { insertRecorded, type Recorded, record } from './ledger.js';
import { FIND, FREE_SLOTS, OLDER, ON_HOST, PAGE, RELATED, TAKE_OVER, WAKE } from './statements.js';
import {
  lockStorages,
  type RecordedStorage,
  recordStorage,
  type StoredStorage,
  writeStorages,
} from './storage-ledger.js';
import { type Change, WorkloadChanges } from './workload-changes.js';
import { toWorkload, type WorkloadRow } from './workload-row.js';

/** Which workloads to list. */
export interface Listing {
  /** All clones if empty. */
  readonly cloneId: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly callerId: string;
}

/** One user of a block is nobody's: it keeps what no workload may change. */
const SLOTS = 999;

/** The ledger: every workload that this service ever made, and the only writer of it. */
export class Workloads {
  readonly #db: Database;
  readonly #place: Omit<Placement, 'slot'>;
  readonly #insert: (creation: Creation) => Promise<Workload>;
  readonly #changes: WorkloadChanges;
  #nextSlot = 0;

  constructor(db: Database, place: Omit<Placement, 'slot'>) {
    this.#db = db;
    this.#place = place;
    this.#insert = createBatcher({ run: (creations) => this.#insertAll(creations) });
    this.#changes = new WorkloadChanges(db);
  }

  /**
   * Records a workload that is to be made, on this host.
   *
   * The same execution again gives what was made of it. Throws EPOCH_STALE if the clone has gone
   * on, or if the execution was removed.
   */
  create(spec: WorkloadSpec, actor: string): Promise<Workload> {
    return this.#insert({ spec, actor });
  }

  /** Records that an execution that was never created never will be. */
  forbid(ids: WorkloadIds, actor: string): Promise<Workload> {
    return this.#insert({ ids, actor });
  }

  /** Changes a workload as `decide` says, in one call with its history and its step. */
  change(change: Change): Promise<Workload> {
    return this.#changes.change(change);
  }

  /** Finds an execution of this very epoch. Throws EXECUTION_NOT_FOUND. */
  async get({ executionId, epoch }: Pick<WorkloadIds, 'executionId' | 'epoch'>): Promise<Workload> {
    const [workload] = await find(this.#db, [executionId]);
    if (workload?.epoch !== epoch) throw notFound('execution', executionId);
    return workload;
  }

  /** Lists workloads, newest first. */
  async list({ cloneId, pageSize, pageToken, callerId }: Listing) {
    const binding = [callerId, cloneId, pageSize];
    const [createdAt, executionId] = decodePageToken(pageToken, binding, ['time', 'id']) ?? [];
    const rows = await this.#db.query<WorkloadRow>(PAGE, [
      cloneId,
      createdAt ?? 'infinity',
      executionId ?? '',
      pageSize + 1,
    ]);
    const page = rows.slice(0, pageSize).map(toWorkload);
    const last = rows.length > pageSize ? rows[pageSize - 1] : undefined;
    const after = last && [last.created_at.toISOString(), last.execution_id];
    return { page, nextPageToken: after ? encodePageToken(after, binding) : '' };
  }

  /** Makes workloads of this host due at once. */
  async wake(executionIds: readonly string[]): Promise<void> {
    await this.#db.query(WAKE, [executionIds]);
  }

  /** Makes workloads due at once, also those that an executor had when it died: it is fenced off. */
  async takeOver(executionIds: readonly string[]): Promise<void> {
    await this.#db.query(TAKE_OVER, [executionIds]);
  }

  /** The workloads of this host of which something may exist outside. */
  async onHost(): Promise<readonly Workload[]> {
    const rows = await this.#db.query<WorkloadRow>(ON_HOST, [this.#place.hostId]);
    return rows.map(toWorkload);
  }

  /** What of a clone may still run and is older than an execution. */
  async olderThan({ cloneId, epoch }: WorkloadIds): Promise<readonly Workload[]> {
    const rows = await this.#db.query<WorkloadRow>(OLDER, [cloneId, epoch]);
    return rows.map(toWorkload);
  }

  async #insertAll(creations: readonly Creation[]): Promise<readonly (Workload | Error)[]> {
    return this.#db.transaction(async (tx) => {
      const ids = creations.map(idsOf);
      // Locked first: from here on nobody discards one of them.
      const storages = await lockStorages(
        tx,
        ids.map(({ cloneId }) => cloneId),
      );
      const there = await tx.query<WorkloadRow>(RELATED, [
        ids.map(({ executionId }) => executionId),
        ids.map(({ cloneId }) => cloneId),
      ]);
      const free = await this.#freeSlots(tx, creations.length);
      const ledger = new Map(there.map(toWorkload).map((each) => [each.executionId, each]));
      const fresh: Recorded[] = [];
      const used: RecordedStorage[] = [];
      const results = creations.map((creation) => {
        const result = this.#decide(creation, ledger, free);
        if (result instanceof Error || ledger.has(result.executionId)) return result;
        const change = this.#use(creation, storages, free.now);
        if (change instanceof Error) return change;
        if (change) used.push(change);
        ledger.set(result.executionId, result);
        fresh.push(record({ workload: result, head: NO_HISTORY }, result, creation.actor));
        return result;
      });
      await writeStorages(tx, used);
      await insertRecorded(tx, fresh);
      return results;
    });
  }

  #decide(
    creation: Creation,
    ledger: ReadonlyMap<string, Workload>,
    free: FreeSlots,
  ): Workload | Error {
    const ids = idsOf(creation);
    const known = ledger.get(ids.executionId);
    if (!creation.spec) return known ?? neverCreated(ids, this.#place, free.now);

    const ended = known && (known.epoch !== ids.epoch || isRemoved(known));
    if (ended || isSuperseded(ids, ledger)) return epochStale(ids);
    if (known) return known;
    const slot = free.slots.shift();
    if (slot === undefined) return hostFull(this.#place.hostId);
    this.#nextSlot = (slot + 1) % SLOTS;
    return newWorkload(creation.spec, { ...this.#place, slot }, free.now);
  }

  /** Has the clone's storage ready for a workload: its row is committed with the workload's. */
  #use(
    { spec, actor }: Creation,
    storages: Map<string, StoredStorage>,
    at: Date,
  ): RecordedStorage | Error | undefined {
    if (!spec) return undefined;
    const { cloneId, epoch, freshStorage: isFresh } = spec;
    const stored = storages.get(cloneId);
    try {
      const place = { hostId: this.#place.hostId, at };
      const storage = usedBy(stored?.storage, { cloneId, epoch, isFresh }, place);
      if (storage === stored?.storage) return undefined;
      const recorded = recordStorage(stored, storage, actor);
      storages.set(cloneId, { storage, head: recorded.next });
      return recorded;
    } catch (thrown) {
      if (thrown instanceof PublicError) return thrown;
      throw thrown;
    }
  }

  /** The places that were free for longest come first, so that what was left there is old. */
  async #freeSlots(tx: Tx, count: number): Promise<FreeSlots> {
    const rows = await tx.query<{ slot: number | null; now: Date }>(FREE_SLOTS, [
      this.#place.hostId,
      this.#nextSlot,
      SLOTS,
      count,
    ]);
    const slots = rows.flatMap(({ slot }) => (slot === null ? [] : [slot]));
    const [first] = rows;
    if (!first) throw new Error('the database did not tell the time');
    return { slots, now: first.now };
  }
}

type Creation =
  | { readonly spec: WorkloadSpec; readonly actor: string }
  | { readonly spec?: undefined; readonly ids: WorkloadIds; readonly actor: string };

interface FreeSlots {
  readonly slots: number[];
  readonly now: Date;
}

function idsOf(creation: Creation): WorkloadIds {
  return creation.spec ?? creation.ids;
}

function isRemoved({ state }: Workload): boolean {
  return state === 'removing' || state === 'removed';
}

function isSuperseded(
  { cloneId, epoch }: WorkloadIds,
  ledger: ReadonlyMap<string, Workload>,
): boolean {
  return [...ledger.values()].some((each) => each.cloneId === cloneId && each.epoch > epoch);
}

function hostFull(hostId: string): PublicError {
  return new PublicError('unavailable', 'PEER_UNAVAILABLE', `host ${hostId} is full`, {
    metadata: { peer: hostId },
    retryAfterMs: 5_000,
  });
}

async function find(db: Queries, executionIds: readonly string[]): Promise<readonly Workload[]> {
  return (await db.query<WorkloadRow>(FIND, [executionIds])).map(toWorkload);
}
