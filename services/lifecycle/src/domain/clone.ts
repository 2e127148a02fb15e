import { type Deadlines, nextPhase, type Phase, type PhaseEvent } from './phases.js';

/** An isolated instance of a workload, from the request to its deletion. */
export interface Clone {
  readonly id: string;
  /** Empty, or unique among the owner's clones that are not deleted. */
  readonly name: string;
  readonly kind: CloneKind;
  readonly owner: Owner;
  readonly creatorId: string;
  readonly botId: string;
  /** The team that the bot belongs to. */
  readonly teamId: string;
  /** Empty: it signs nothing. */
  readonly keyId: string;
  readonly parameters: readonly Parameter[];
  readonly limits: Limits;
  readonly labels: Readonly<Record<string, string>>;
  /** What it runs: the bot's source when the clone was accepted. */
  readonly source: Source;
  /** How often it may sign. Absent: not counted. */
  readonly maxSignatures?: bigint;
  readonly desired: Desired;
  readonly phase: Phase;
  /** Why it is in this phase: a stable word. Empty while all is well. */
  readonly reason: string;
  readonly message: string;
  readonly phaseAt: Date;
  /** When it has to have left this phase. Absent: it may stay. */
  readonly deadlineAt?: Date;
  /** Goes up with every execution. */
  readonly epoch: number;
  /** The current execution, or the last. */
  readonly execution?: Execution;
  readonly conditions: readonly Condition[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt?: Date;
  /** How many changes it has had. */
  readonly seq: number;
}

export const CLONE_KINDS = ['BOT', 'WORKFLOW', 'ENVIRONMENT', 'INSTANCE'] as const;
export type CloneKind = (typeof CLONE_KINDS)[number];

export const DESIRES = ['RUNNING', 'STOPPED', 'DELETED', 'SUSPENDED', 'ARCHIVED'] as const;
/** What its users want of a clone. */
export type Desired = (typeof DESIRES)[number];

/** Who owns a thing. The prefix of the id tells which of the two it is. */
export interface Owner {
  readonly kind: 'user' | 'team';
  readonly id: string;
}

export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** What a clone may use. What is absent is for the executor to say. */
export interface Limits {
  readonly runTimeMs?: number;
  readonly memoryBytes?: number;
  readonly graceMs?: number;
}

/** What a workload is made of. A new runtime is a new member. */
export interface Source {
  readonly kind: 'process';
  readonly bundle: string;
  readonly command: readonly string[];
  readonly revision: number;
}

/** Something that is true of a clone beside its phase. */
export interface Condition {
  readonly type: string;
  readonly message: string;
  readonly sinceAt: Date;
}

/** One run of a clone's workload. */
export interface Execution {
  readonly id: string;
  readonly cloneId: string;
  readonly epoch: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  /** How it ended: set once. */
  readonly outcome?: Outcome;
  /** What the workload said of its own end: the first word counts. */
  readonly report?: Report;
}

export const OUTCOMES = ['SUCCEEDED', 'FAILED', 'STOPPED', 'TIMED_OUT', 'INTERRUPTED'] as const;

/** How an execution ended. */
export interface Outcome {
  readonly kind: (typeof OUTCOMES)[number];
  readonly reason: string;
  readonly message: string;
  readonly exitCode?: number;
  readonly signal: string;
}

/** What a workload says of its own end. */
export interface Report {
  readonly success: boolean;
  readonly message: string;
  readonly metrics: readonly Metric[];
}

export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** How long a workload may run and has to end, where its clone does not say. */
const RUN_TIME_MS = 24 * 60 * 60_000;
const GRACE_MS = 10_000;

/** What is asked of a clone that is to be created, and what it was admitted with. */
export type Wanted = Pick<
  Clone,
  | 'id'
  | 'name'
  | 'owner'
  | 'creatorId'
  | 'botId'
  | 'teamId'
  | 'keyId'
  | 'parameters'
  | 'limits'
  | 'labels'
  | 'source'
  | 'maxSignatures'
>;

/** The clone that a request asks for, as accepted at a time. */
export function newClone(wanted: Wanted, at: Date, deadlines: Deadlines): Clone {
  return {
    ...wanted,
    kind: 'BOT',
    desired: 'RUNNING',
    phase: 'ACCEPTED',
    reason: '',
    message: '',
    phaseAt: at,
    deadlineAt: new Date(at.getTime() + deadlines.ACCEPTED),
    epoch: 0,
    conditions: [],
    createdAt: at,
    updatedAt: at,
    seq: 1,
  };
}

/** When and why a clone moves. */
export interface Move {
  readonly at: Date;
  readonly deadlines: Deadlines;
  readonly reason?: string;
  readonly message?: string;
}

/** The clone after an event. Throws if its phase does not allow it. */
export function move(clone: Clone, event: PhaseEvent, why: Move): Clone {
  const phase = nextPhase(clone.phase, event);
  if (phase === clone.phase) return clone;
  const { deadlineAt: _, ...rest } = clone;
  const deadlineMs = timeFor(clone, phase, why.deadlines);
  return {
    ...rest,
    phase,
    reason: why.reason ?? '',
    message: why.message ?? '',
    phaseAt: why.at,
    ...(deadlineMs !== undefined && { deadlineAt: new Date(why.at.getTime() + deadlineMs) }),
  };
}

/** How long a clone may be in a phase, or undefined for a phase to stay in. */
function timeFor({ limits }: Clone, phase: Phase, deadlines: Deadlines): number | undefined {
  const graceMs = limits.graceMs ?? GRACE_MS;
  switch (phase) {
    case 'RUNNING':
      return (limits.runTimeMs ?? RUN_TIME_MS) + graceMs + deadlines.RUNNING;
    case 'STOPPING':
    case 'FINALIZING':
      return graceMs + deadlines[phase];
    case 'COMPLETED':
    case 'STOPPED':
    case 'FAILED':
    case 'DELETED':
      return undefined;
    case 'ACCEPTED':
    case 'PREPARING':
    case 'PROVISIONING':
    case 'DELETING':
    case 'CLEANUP_FAILED':
      return deadlines[phase];
  }
}

/** Tells whether a clone's workload was ever seen to run. */
export function hasRun({ execution }: Clone): boolean {
  return execution?.startedAt !== undefined;
}
