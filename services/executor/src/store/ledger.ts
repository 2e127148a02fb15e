import {
  appendHistory,
  finishAll,
  type Head,
  type NewHistory,
  nextLink,
  StaleLease,
  type Tx,
} from '@ramet/database';
import type { Workload } from '../domain/workload.js';
import { workloadEvent } from '../events.js';
import { INSERT, INSERT_WORK, UPDATE, WAKE } from './statements.js';
import { type Stored, toColumns, toWorkload, type WorkloadRow } from './workload-row.js';

/** A change of one workload. */
export interface Change {
  readonly executionId: string;
  /** Set if the execution must be of this epoch. */
  readonly epoch?: number;
  readonly actor: string;
  /** Must be pure. Returning the workload it was given means no change. */
  readonly decide: (workload: Workload, now: Date) => Workload;
  /** Set if the change ends a step of a reconciler: it has no effect once the lease is lost. */
  readonly step?: Step;
}

/** The end of a step, and when the next one is due. */
export interface Step {
  readonly leaseSeq: bigint;
  readonly dueInMs: (workload: Workload) => number | null;
  readonly error?: string;
}

/** A workload's row under its lock. */
export interface LockedRow extends WorkloadRow {
  readonly seq: number;
  readonly hash: Buffer;
  readonly lease_seq: bigint;
  readonly now: Date;
}

/** A change that is about to be written. */
export interface Recorded extends NewHistory {
  readonly workload: Workload;
}

/** What is in a locked row. */
export function locked(row: LockedRow): Stored & { readonly leaseSeq: bigint; readonly now: Date } {
  const head = { seq: row.seq, hash: row.hash };
  return { workload: toWorkload(row), head, leaseSeq: row.lease_seq, now: row.now };
}

/** A change with its entry in the history, which follows the one before. */
export function record({ head }: Stored, workload: Workload, actor: string): Recorded {
  const { kind, payload } = workloadEvent(workload, head.seq === 0);
  const aggregate = workload.executionId;
  const next: Head = nextLink(head, aggregate, payload);
  return { aggregate, kind, actor, payload, prev: head, next, workload };
}

/** Writes new workloads: their rows, their work and their history. */
export async function insertRecorded(tx: Tx, recorded: readonly Recorded[]): Promise<void> {
  if (recorded.length === 0) return;
  await tx.query(INSERT, [...toColumns(recorded.map(storedOf))]);
  await tx.query(INSERT_WORK, [
    recorded.map(({ aggregate }) => aggregate),
    recorded.map(({ workload }) => workload.hostId),
    recorded.map(({ workload }) => workload.state === 'pending'),
  ]);
  await appendHistory(tx, recorded);
}

/** Writes changed workloads and their history. */
export async function updateRecorded(tx: Tx, recorded: readonly Recorded[]): Promise<void> {
  if (recorded.length === 0) return;
  // Of two changes of one workload the last holds the whole result.
  const last = new Map(recorded.map((each) => [each.aggregate, each]));
  await tx.query(UPDATE, [...toColumns([...last.values()].map(storedOf))]);
  await appendHistory(tx, recorded);
}

function storedOf({ workload, next }: Recorded): Stored {
  return { workload, head: next };
}

/** Ends the steps of which these changes are the results. Throws if a lease was lost. */
export async function finishSteps(
  tx: Tx,
  changes: readonly Change[],
  results: readonly (Workload | Error)[],
): Promise<void> {
  const finished = changes.flatMap(({ executionId: id, step }, index) => {
    const result = results[index];
    if (!step || !result || result instanceof Error) return [];
    const { leaseSeq, dueInMs, error } = step;
    return [{ id, leaseSeq, dueInMs: dueInMs(result), ...(error !== undefined && { error }) }];
  });
  if (finished.length === 0) return;
  const current = await finishAll(tx, finished);
  const lost = finished.find(({ id }) => !current.has(id));
  if (lost) throw new StaleLease(lost.id);
}

/** Makes due what was changed from outside: there is something to do for its host. */
export async function wakeOthers(
  tx: Tx,
  changes: readonly Change[],
  changed: readonly Recorded[],
): Promise<void> {
  const isChanged = new Set(changed.map(({ aggregate }) => aggregate));
  const ids = changes
    .filter(({ step, executionId }) => !step && isChanged.has(executionId))
    .map(({ executionId }) => executionId);
  if (ids.length > 0) await tx.query(WAKE, [ids]);
}
