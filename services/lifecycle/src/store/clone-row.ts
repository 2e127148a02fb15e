import type { Clone, Execution, Outcome, Report } from '../domain/clone.js';

/** A clone as it lies in Postgres, with its current execution. */
export interface CloneRow {
  readonly id: string;
  readonly name: string;
  readonly kind: Clone['kind'];
  readonly owner_id: string;
  readonly creator_id: string;
  readonly bot_id: string;
  readonly team_id: string;
  readonly key_id: string;
  readonly parameters: Clone['parameters'];
  readonly limits: Clone['limits'];
  readonly labels: Clone['labels'];
  readonly source: Clone['source'];
  readonly max_signatures: string | null;
  readonly desired: Clone['desired'];
  readonly phase: Clone['phase'];
  readonly reason: string;
  readonly message: string;
  readonly phase_at: Date;
  readonly deadline_at: Date | null;
  readonly epoch: number;
  readonly conditions: readonly ConditionRow[];
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly seq: number;
  readonly hash: Buffer;
  readonly execution: ExecutionRow | null;
}

interface ConditionRow {
  readonly type: string;
  readonly message: string;
  readonly since_at: string;
}

/** An execution as JSON: times are text there. */
export interface ExecutionRow {
  readonly id: string;
  readonly clone_id: string;
  readonly epoch: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly outcome: Outcome | null;
  readonly report: Report | null;
}

/** The columns of a `CloneRow`, where `c` is the clone and `e` its current execution. */
export const CLONE_COLUMNS = 'c.*, to_jsonb(e) as execution';

/** Joins a clone `c` with its current execution `e`. */
export const CLONE_WITH_EXECUTION =
  'clone c left join execution e on e.clone_id = c.id and e.epoch = c.epoch';

/** The clone that a row is. */
export function toClone(row: CloneRow): Clone {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    owner: { kind: row.owner_id.startsWith('usr_') ? 'user' : 'team', id: row.owner_id },
    creatorId: row.creator_id,
    botId: row.bot_id,
    teamId: row.team_id,
    keyId: row.key_id,
    parameters: row.parameters,
    limits: row.limits,
    labels: row.labels,
    source: row.source,
    ...(row.max_signatures !== null && { maxSignatures: BigInt(row.max_signatures) }),
    desired: row.desired,
    phase: row.phase,
    reason: row.reason,
    message: row.message,
    phaseAt: row.phase_at,
    ...(row.deadline_at && { deadlineAt: row.deadline_at }),
    epoch: row.epoch,
    ...(row.execution && { execution: toExecution(row.execution) }),
    conditions: row.conditions.map(({ since_at: since, ...condition }) => {
      return { ...condition, sinceAt: new Date(since) };
    }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.deleted_at && { deletedAt: row.deleted_at }),
    seq: row.seq,
  };
}

/** The execution that a row is. */
export function toExecution(row: ExecutionRow): Execution {
  return {
    id: row.id,
    cloneId: row.clone_id,
    epoch: row.epoch,
    createdAt: new Date(row.created_at),
    ...(row.started_at && { startedAt: new Date(row.started_at) }),
    ...(row.ended_at && { endedAt: new Date(row.ended_at) }),
    ...(row.outcome && { outcome: row.outcome }),
    ...(row.report && { report: row.report }),
  };
}

/** The row of a clone, for `jsonb_populate_record(null::clone, ...)`. */
export function fromClone(clone: Clone, hash: Buffer): object {
  return {
    id: clone.id,
    name: clone.name,
    kind: clone.kind,
    owner_id: clone.owner.id,
    creator_id: clone.creatorId,
    bot_id: clone.botId,
    team_id: clone.teamId,
    key_id: clone.keyId,
    parameters: clone.parameters,
    limits: clone.limits,
    labels: clone.labels,
    source: clone.source,
    max_signatures: clone.maxSignatures?.toString() ?? null,
    ...changing(clone, hash),
    created_at: clone.createdAt,
  };
}

/** The columns of a clone that change, with its id. */
export function changing(clone: Clone, hash: Buffer): object {
  return {
    id: clone.id,
    desired: clone.desired,
    phase: clone.phase,
    reason: clone.reason,
    message: clone.message,
    phase_at: clone.phaseAt,
    deadline_at: clone.deadlineAt ?? null,
    epoch: clone.epoch,
    conditions: clone.conditions.map(({ sinceAt, ...condition }) => {
      return { ...condition, since_at: sinceAt };
    }),
    updated_at: clone.updatedAt,
    deleted_at: clone.deletedAt ?? null,
    seq: clone.seq,
    hash: `\\x${hash.toString('hex')}`,
  };
}

/** The row of an execution, for `jsonb_populate_record(null::execution, ...)`. */
export function fromExecution(execution: Execution): object {
  return {
    id: execution.id,
    clone_id: execution.cloneId,
    epoch: execution.epoch,
    created_at: execution.createdAt,
    started_at: execution.startedAt ?? null,
    ended_at: execution.endedAt ?? null,
    outcome: execution.outcome ?? null,
    report: execution.report ?? null,
  };
}
