import { createBatcher, currentTrace, type Database, StaleLease } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Workload } from '../domain/workload.js';
import { record } from './ledger.js';
import { FIND } from './statements.js';
import { changing, type Stored, type StoredRow, toStored } from './workload-row.js';

/** A workload as it was read, and the time, which goes on. */
export interface ReadWorkload extends Stored {
  readonly now: () => Date;
}

/** A change of one workload. */
export interface Change {
  readonly executionId: string;
  /** Set if the execution must be of this epoch. */
  readonly epoch?: number;
  readonly actor: string;
  /** Must be pure. Returning the workload it was given means no change. */
  readonly decide: (workload: Workload, now: Date) => Workload;
  /** The workload as it was read, if it was. */
  readonly read?: ReadWorkload;
  /** Set if the change ends a step of a reconciler: it has no effect once the lease is lost. */
  readonly step?: Step;
}

/** The end of a step, and when the next one is due. */
export interface Step {
  readonly leaseSeq: bigint;
  readonly dueInMs: (workload: Workload) => number | null;
  readonly error?: string;
}

/** How often a change is decided anew because somebody else changed the workload meanwhile. */
const ATTEMPTS = 8;

/** Writes changes of workloads with their work and history: those that come together in one call. */
export class WorkloadChanges {
  readonly #db: Database;
  readonly #read: (id: string) => Promise<ReadWorkload | undefined>;
  readonly #write: (change: Written) => Promise<string>;

  constructor(db: Database) {
    this.#db = db;
    this.#read = createBatcher({ run: (ids) => this.#readAll(ids), inFlight: 2 });
    this.#write = createBatcher({ run: (changes) => this.#writeAll(changes), inFlight: 2 });
  }

  /**
   * Changes a workload as `decide` says, and makes it due, or ends the step that it was found in.
   *
   * Throws EXECUTION_NOT_FOUND, and StaleLease if somebody else has the workload by now.
   */
  async change(change: Change): Promise<Workload> {
    const { executionId: id, epoch, decide, step } = change;
    let read = change.read ?? (await this.#read(id));
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (!read || (epoch ?? read.workload.epoch) !== read.workload.epoch) {
        throw notFound('execution', id);
      }
      const next = decide(read.workload, read.now());
      if (next === read.workload && !step) return next;

      const verdict = await this.#write(written(read, next, change));
      if (verdict === 'CHANGED') return next;
      if (verdict === 'STALE_LEASE') throw new StaleLease(id);
      read = await this.#read(id);
    }
    throw new Error(`the workload keeps changing: ${id}`);
  }

  async #readAll(ids: readonly string[]): Promise<readonly (ReadWorkload | undefined)[]> {
    const rows = await this.#db.query<StoredRow & { readonly now: Date }>(FIND, [ids]);
    const found = new Map(
      rows.map((row) => [row.execution_id, { ...toStored(row), now: () => row.now }]),
    );
    return ids.map((id) => found.get(id));
  }

  async #writeAll(changes: readonly Written[]): Promise<readonly string[]> {
    const rows = await this.#db.query<{ verdict: string }>(CHANGE, [
      JSON.stringify(changes.map(({ json }) => json)),
      changes.map(({ payload }) => payload),
    ]);
    this.#db.announceHistory();
    return rows.map(({ verdict }) => verdict);
  }
}

/** A change, as the database takes it. */
interface Written {
  readonly json: object;
  readonly payload: Uint8Array;
}

function written(read: Stored, next: Workload, { actor, step }: Change): Written {
  const { kind, payload, next: head } = record(read, next, actor);
  const isChanged = next !== read.workload;
  const json = {
    id: next.executionId,
    seq: read.head.seq,
    lease: step?.leaseSeq.toString() ?? null,
    due_ms: step?.dueInMs(next) ?? null,
    error: step?.error ?? null,
    workload: isChanged ? changing({ workload: next, head }) : null,
    ...{ kind, actor, trace: currentTrace() },
  };
  return { json, payload: isChanged ? payload : NOTHING };
}

const NOTHING = new Uint8Array();

const CHANGE = 'select * from change_workloads($1::jsonb, $2)';
