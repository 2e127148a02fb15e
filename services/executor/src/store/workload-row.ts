import type { Head } from '@ramet/database';
import type { StopCause, WorkloadExit } from '../domain/observation.js';
import type { WorkloadSetup } from '../domain/setup.js';
import type {
  Made,
  Workload,
  WorkloadLimits,
  WorkloadParameter,
  WorkloadSource,
  WorkloadState,
} from '../domain/workload.js';

/** A workload as it lies in Postgres. migrations/0001_workload.sql has the constraints and why. */
export interface WorkloadRow {
  readonly execution_id: string;
  readonly clone_id: string;
  readonly epoch: number;
  readonly name: string;
  readonly runtime: string;
  readonly host_id: string;
  readonly slot: number | null;
  readonly state: WorkloadState;
  readonly source: WorkloadSource | null;
  readonly parameters: readonly WorkloadParameter[];
  readonly limits: WorkloadLimits | null;
  readonly setup: WorkloadSetup | null;
  readonly key_id: string;
  readonly stop_cause: StopCause | null;
  readonly stop_at: Date | null;
  readonly exit: WorkloadExit | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

/** A workload with the head of its history, which belong to one another. */
export interface Stored {
  readonly workload: Workload;
  readonly head: Head;
}

/** A row with the head of its history. */
export interface StoredRow extends WorkloadRow {
  readonly seq: number;
  readonly hash: Buffer;
}

/** The columns of a row, as they are written. */
export const COLUMNS = [
  ['execution_id', 'text'],
  ['clone_id', 'text'],
  ['epoch', 'integer'],
  ['name', 'text'],
  ['runtime', 'text'],
  ['host_id', 'text'],
  ['slot', 'integer'],
  ['state', 'text'],
  ['source', 'jsonb'],
  ['parameters', 'jsonb'],
  ['limits', 'jsonb'],
  ['setup', 'jsonb'],
  ['key_id', 'text'],
  ['stop_cause', 'text'],
  ['stop_at', 'timestamptz'],
  ['exit', 'jsonb'],
  ['seq', 'integer'],
  ['hash', 'bytea'],
  ['created_at', 'timestamptz'],
  ['started_at', 'timestamptz'],
  ['ended_at', 'timestamptz'],
] as const satisfies readonly (readonly [keyof WorkloadRow | 'seq' | 'hash', string])[];

/** The workload in a row. */
export function toWorkload(row: WorkloadRow): Workload {
  const { stop_cause: cause, stop_at: stopAt } = row;
  const made = madeIn(row);
  return {
    executionId: row.execution_id,
    cloneId: row.clone_id,
    epoch: row.epoch,
    name: row.name,
    runtime: row.runtime,
    hostId: row.host_id,
    state: row.state,
    parameters: row.parameters,
    keyId: row.key_id,
    createdAt: row.created_at,
    ...(made && { made }),
    ...(cause && stopAt && { stop: { cause, at: stopAt } }),
    ...(row.exit && { exit: row.exit }),
    ...(row.started_at && { startedAt: row.started_at }),
    ...(row.ended_at && { endedAt: row.ended_at }),
  };
}

function madeIn({ source, limits, setup, slot }: WorkloadRow): Made | undefined {
  if (!limits || !setup || slot === null) return undefined;
  return { ...(source && { source }), limits, setup, slot };
}

/** The workload in a row, with its head. */
export function toStored(row: StoredRow): Stored {
  return { workload: toWorkload(row), head: { seq: row.seq, hash: row.hash } };
}

/** The columns that a change may write, as `change_workload` takes them. */
export function changing({ workload, head }: Stored): object {
  const { stop, exit, startedAt, endedAt } = workload;
  return {
    state: workload.state,
    stop_cause: stop?.cause ?? null,
    stop_at: stop?.at ?? null,
    exit: exit ?? null,
    started_at: startedAt ?? null,
    ended_at: endedAt ?? null,
    seq: head.seq,
    hash: `\\x${Buffer.from(head.hash).toString('hex')}`,
  };
}

/** The values of many rows, one array per column: what `unnest` takes. */
export function toColumns(stored: readonly Stored[]): readonly (readonly unknown[])[] {
  const rows = stored.map(toRow);
  return COLUMNS.map(([column]) => rows.map((row) => row[column]));
}

function toRow({ workload, head }: Stored) {
  const { made, stop, exit } = workload;
  return {
    execution_id: workload.executionId,
    clone_id: workload.cloneId,
    epoch: workload.epoch,
    name: workload.name,
    runtime: workload.runtime,
    host_id: workload.hostId,
    slot: made?.slot ?? null,
    state: workload.state,
    source: json(made?.source),
    parameters: json(workload.parameters),
    limits: json(made?.limits),
    setup: json(made?.setup),
    key_id: workload.keyId,
    stop_cause: stop?.cause ?? null,
    stop_at: stop?.at ?? null,
    exit: json(exit),
    seq: head.seq,
    hash: head.hash,
    created_at: workload.createdAt,
    started_at: workload.startedAt ?? null,
    ended_at: workload.endedAt ?? null,
  };
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
