import type { Clone, Execution, Outcome, Report } from '../domain/clone.js';
import { type Holds, holdsOf } from '../domain/quota.js';

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
  readonly template_id: string;
  readonly release: Clone['release'];
  readonly candidate: Clone['release'] | null;
  readonly releases: number;
  readonly proven_release: number;
  readonly stages: Clone['stages'];
  readonly run_epoch: number;
  readonly fresh_storage: boolean;
  readonly inputs: Clone['inputs'];
  readonly external_ref: string;
  readonly private_results: boolean;
  readonly policy: Clone['policy'];
  readonly labels: Clone['labels'];
  readonly traits: Clone['traits'];
  readonly max_signatures: string | null;
  readonly key_limits: Buffer | null;
  readonly desired: Clone['desired'];
  readonly restart: 'keep' | 'fresh' | null;
  readonly phase: Clone['phase'];
  readonly former_phase: Clone['phase'] | null;
  readonly reason: string;
  readonly message: string;
  readonly phase_at: Date;
  readonly deadline_at: Date | null;
  readonly expire_at: Date | null;
  readonly delete_due_at: Date | null;
  readonly epoch: number;
  readonly conditions: readonly ConditionRow[];
  readonly endpoints: Clone['endpoints'];
  readonly action: Clone['action'] | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly started_at: Date | null;
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
  readonly stage: string;
  readonly release: number;
  readonly created_at: string;
  readonly not_before: string | null;
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
    ...identityOf(row),
    ...timesOf(row),
    release: row.release,
    ...(row.candidate && { candidate: row.candidate }),
    releases: row.releases,
    provenRelease: row.proven_release,
    stages: row.stages,
    runEpoch: row.run_epoch,
    freshStorage: row.fresh_storage,
    labels: row.labels,
    traits: row.traits,
    desired: row.desired,
    ...(row.restart && { restart: row.restart }),
    phase: row.phase,
    ...(row.former_phase && { formerPhase: row.former_phase }),
    reason: row.reason,
    message: row.message,
    epoch: row.epoch,
    ...(row.execution && { execution: toExecution(row.execution) }),
    conditions: row.conditions.map(({ since_at: since, ...condition }) => {
      return { ...condition, sinceAt: new Date(since) };
    }),
    endpoints: row.endpoints,
    ...(row.action && { action: row.action }),
    seq: row.seq,
  };
}

function identityOf(row: CloneRow) {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    owner: ownerOf(row.owner_id),
    creatorId: row.creator_id,
    botId: row.bot_id,
    teamId: row.team_id,
    keyId: row.key_id,
    templateId: row.template_id,
    inputs: row.inputs,
    externalRef: row.external_ref,
    privateResults: row.private_results,
    policy: row.policy,
    ...(row.max_signatures !== null && { maxSignatures: BigInt(row.max_signatures) }),
    ...(row.key_limits && { keyLimits: row.key_limits }),
  };
}

function timesOf(row: CloneRow) {
  return {
    phaseAt: row.phase_at,
    ...(row.deadline_at && { deadlineAt: row.deadline_at }),
    ...(row.expire_at && { expireAt: row.expire_at }),
    ...(row.delete_due_at && { deleteDueAt: row.delete_due_at }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.started_at && { startedAt: row.started_at }),
    ...(row.deleted_at && { deletedAt: row.deleted_at }),
  };
}

/** The owner that an id is of. */
export function ownerOf(id: string): Clone['owner'] {
  return { kind: id.startsWith('usr_') ? 'user' : 'team', id };
}

/** The execution that a row is. */
export function toExecution(row: ExecutionRow): Execution {
  return {
    id: row.id,
    cloneId: row.clone_id,
    epoch: row.epoch,
    stage: row.stage,
    release: row.release,
    createdAt: new Date(row.created_at),
    ...(row.not_before && { notBefore: new Date(row.not_before) }),
    ...(row.started_at && { startedAt: new Date(row.started_at) }),
    ...(row.ended_at && { endedAt: new Date(row.ended_at) }),
    ...(row.outcome && { outcome: row.outcome }),
    ...(row.report && { report: row.report }),
  };
}

/** The row of a clone, for `jsonb_populate_record(null::clone, ...)`. */
export function fromClone(clone: Clone, hash: Buffer): object {
  return {
    kind: clone.kind,
    creator_id: clone.creatorId,
    bot_id: clone.botId,
    team_id: clone.teamId,
    key_id: clone.keyId,
    template_id: clone.templateId,
    inputs: clone.inputs,
    external_ref: clone.externalRef,
    private_results: clone.privateResults,
    policy: clone.policy,
    max_signatures: clone.maxSignatures?.toString() ?? null,
    key_limits: clone.keyLimits ? `\\x${clone.keyLimits.toString('hex')}` : null,
    ...changing(undefined, clone, hash),
    created_at: clone.createdAt,
  };
}

/** The columns of a clone that change, with its id. Large ones only if they differ from before. */
export function changing(before: Clone | undefined, clone: Clone, hash: Buffer): object {
  return {
    id: clone.id,
    ...changedParts(before, clone),
    releases: clone.releases,
    proven_release: clone.provenRelease,
    run_epoch: clone.runEpoch,
    fresh_storage: clone.freshStorage,
    desired: clone.desired,
    restart: clone.restart ?? null,
    phase: clone.phase,
    former_phase: clone.formerPhase ?? null,
    reason: clone.reason,
    message: clone.message,
    ...timesToRow(clone),
    epoch: clone.epoch,
    conditions: clone.conditions.map(({ sinceAt, ...condition }) => {
      return { ...condition, since_at: sinceAt };
    }),
    endpoints: clone.endpoints,
    action: clone.action ?? null,
    holds: holdsOf(clone),
    seq: clone.seq,
    hash: `\\x${hash.toString('hex')}`,
  };
}

function changedParts(before: Clone | undefined, clone: Clone): object {
  const { name, labels, traits, release, candidate = null, stages } = clone;
  const parts = { name, labels, traits, release, candidate, stages };
  const former: Partial<Record<keyof typeof parts, unknown>> = before
    ? { ...before, candidate: before.candidate ?? null }
    : {};
  const changed = Object.entries(parts).filter(([part, value]) => {
    return former[part as keyof typeof parts] !== value;
  });
  return {
    ...Object.fromEntries(changed),
    ...(before?.owner.id !== clone.owner.id && { owner_id: clone.owner.id }),
  };
}

function timesToRow(clone: Clone): object {
  return {
    phase_at: clone.phaseAt,
    deadline_at: clone.deadlineAt ?? null,
    expire_at: clone.expireAt ?? null,
    delete_due_at: clone.deleteDueAt ?? null,
    updated_at: clone.updatedAt,
    started_at: clone.startedAt ?? null,
    deleted_at: clone.deletedAt ?? null,
  };
}

/** Tells whether a change makes a clone count for another amount, or another owner. */
export function counts(before: Clone, next: Clone): boolean {
  const [a, b] = [holdsOf(before), holdsOf(next)];
  const isSame = (Object.keys(a) as readonly (keyof Holds)[]).every((name) => a[name] === b[name]);
  return !isSame || before.owner.id !== next.owner.id;
}

/** The row of an execution, for `jsonb_populate_record(null::execution, ...)`. */
export function fromExecution(execution: Execution): object {
  return {
    id: execution.id,
    clone_id: execution.cloneId,
    epoch: execution.epoch,
    stage: execution.stage,
    release: execution.release,
    created_at: execution.createdAt,
    not_before: execution.notBefore ?? null,
    started_at: execution.startedAt ?? null,
    ended_at: execution.endedAt ?? null,
    outcome: execution.outcome ?? null,
    report: execution.report ?? null,
  };
}
