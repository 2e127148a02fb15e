import type { Deadlines, Phase } from './phases.js';
import type { Release } from './release.js';
import type { Input, Policy } from './spec.js';

/** An isolated instance of a workload, from the request to its deletion. */
export interface Clone {
  readonly id: string;
  /** Empty, or unique among the owner's clones that are not deleted. */
  readonly name: string;
  readonly kind: CloneKind;
  readonly owner: Owner;
  readonly creatorId: string;
  /** Empty: all its stages have sources of their own. */
  readonly botId: string;
  /** The team that the bot belongs to. Empty: there is no bot. */
  readonly teamId: string;
  /** Empty: it signs nothing. */
  readonly keyId: string;
  /** Empty: its bot's source is all there is to it. */
  readonly templateId: string;
  readonly release: Release;
  /** What it is being updated to. Takes the place of `release` once it runs. */
  readonly candidate?: Release;
  /** How many releases it has had. */
  readonly releases: number;
  /** The number of the last release that was seen to work. Zero: none was. */
  readonly provenRelease: number;
  /** The stages of the current run, or the last, in order. */
  readonly stages: readonly StageStatus[];
  /** The first epoch of that run. */
  readonly runEpoch: number;
  /** Whether the first execution of the run finds its storage emptied. */
  readonly freshStorage: boolean;
  readonly inputs: readonly Input[];
  /** What somebody else calls it. Unique among the owner's clones that are not at rest. */
  readonly externalRef: string;
  readonly privateResults: boolean;
  readonly policy: Policy;
  readonly labels: Readonly<Record<string, string>>;
  readonly traits: readonly string[];
  /** How often it may sign. Absent: not counted. */
  readonly maxSignatures?: bigint;
  /** What it may sign with its key, as keys takes it. Absent: nothing was said. */
  readonly keyLimits?: Buffer;
  readonly desired: Desired;
  /** How a restart that was asked for is to find its storage. Absent: none was. */
  readonly restart?: 'keep' | 'fresh';
  readonly phase: Phase;
  /** The phase to go back to, should it not be suspended or archived. */
  readonly formerPhase?: Phase;
  /** Why it is in this phase: a stable word. Empty while all is well. */
  readonly reason: string;
  readonly message: string;
  readonly phaseAt: Date;
  /** When it has to have left this phase. Absent: it may stay. */
  readonly deadlineAt?: Date;
  /** When it expires. Absent: it does not. */
  readonly expireAt?: Date;
  /** When it is deleted for having expired, or been archived for long. Absent: it is not. */
  readonly deleteDueAt?: Date;
  /** Goes up with every execution. */
  readonly epoch: number;
  /** The current execution, or the last. */
  readonly execution?: Execution;
  readonly conditions: readonly Condition[];
  readonly endpoints: readonly Endpoint[];
  /** What somebody did to it that is not over. */
  readonly action?: OpenAction;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When a workload of it was first seen to run. */
  readonly startedAt?: Date;
  readonly deletedAt?: Date;
  /** How many changes it has had. */
  readonly seq: number;
}

export const CLONE_KINDS = ['BOT', 'WORKFLOW', 'ENVIRONMENT', 'INSTANCE'] as const;
export type CloneKind = (typeof CLONE_KINDS)[number];

/** What a kind fixes. */
export interface Behaviour {
  /** Whether it ends by itself. What does not runs its last stage for as long as it lives. */
  readonly completes: boolean;
  /** Whether it can be updated while it runs. */
  readonly updates: boolean;
}

export const BEHAVIOUR: Readonly<Record<CloneKind, Behaviour>> = {
  BOT: { completes: true, updates: true },
  WORKFLOW: { completes: true, updates: false },
  ENVIRONMENT: { completes: false, updates: true },
  INSTANCE: { completes: false, updates: true },
};

export const DESIRES = ['RUNNING', 'STOPPED', 'DELETED', 'SUSPENDED', 'ARCHIVED'] as const;
/** What its users want of a clone. */
export type Desired = (typeof DESIRES)[number];

/** Who owns a thing. The prefix of the id tells which of the two it is. */
export interface Owner {
  readonly kind: 'user' | 'team';
  readonly id: string;
}

/** How far a stage of a run is. */
export interface StageStatus {
  readonly name: string;
  readonly state: StageState;
  /** Its newest execution. Absent: it has none yet. */
  readonly executionId?: string;
  readonly epoch?: number;
  /** How many executions it has had in this run. */
  readonly executions: number;
  /** How its newest execution ended. */
  readonly outcome?: Outcome;
  readonly always: boolean;
}

export const STAGE_STATES = ['WAITING', 'ACTIVE', 'SUCCEEDED', 'FAILED', 'SKIPPED'] as const;
export type StageState = (typeof STAGE_STATES)[number];

/** Something that is true of a clone beside its phase. */
export interface Condition {
  readonly type: string;
  readonly message: string;
  readonly sinceAt: Date;
}

/** Where a clone can be reached. */
export interface Endpoint {
  readonly label: string;
  readonly url: string;
}

/** Something that somebody did to a clone. */
export interface OpenAction {
  readonly id: string;
  /** What was done, such as `clones.update`. */
  readonly name: string;
}

/** One run of a clone's workload. */
export interface Execution {
  readonly id: string;
  readonly cloneId: string;
  readonly epoch: number;
  readonly stage: string;
  /** The number of the release that it runs. */
  readonly release: number;
  readonly createdAt: Date;
  /** Not before then: a pause before its stage is tried again. */
  readonly notBefore?: Date;
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

/** What is asked of a clone that is to be created, and what it was admitted with. */
export type Wanted = Pick<
  Clone,
  | 'id'
  | 'name'
  | 'kind'
  | 'owner'
  | 'creatorId'
  | 'botId'
  | 'teamId'
  | 'keyId'
  | 'templateId'
  | 'release'
  | 'inputs'
  | 'externalRef'
  | 'privateResults'
  | 'policy'
  | 'labels'
  | 'maxSignatures'
  | 'keyLimits'
> & {
  readonly action: OpenAction;
  /** Whether its owner is entitled to its kind: its trial does not end then. */
  readonly isEntitled: boolean;
};

/** The clone that a request asks for, as accepted at a time. */
export function newClone({ isEntitled, ...wanted }: Wanted, at: Date, deadlines: Deadlines): Clone {
  const lifeMs = isEntitled ? undefined : wanted.policy.expireAfterMs;
  return {
    ...wanted,
    releases: wanted.release.number,
    provenRelease: 0,
    stages: [],
    runEpoch: 0,
    freshStorage: false,
    traits: [],
    desired: 'RUNNING',
    phase: 'ACCEPTED',
    reason: '',
    message: '',
    phaseAt: at,
    deadlineAt: later(at, deadlines.ACCEPTED),
    ...(lifeMs !== undefined && { expireAt: later(at, lifeMs) }),
    epoch: 0,
    conditions: [],
    endpoints: [],
    createdAt: at,
    updatedAt: at,
    seq: 1,
  };
}

/** Tells whether the current stage of a clone has no end of its own: it is what the clone is for. */
export function isEndless(clone: Clone): boolean {
  if (BEHAVIOUR[clone.kind].completes) return false;
  const last = clone.stages.at(-1);
  return last !== undefined && last.name === clone.execution?.stage;
}

/** Tells whether any workload of a clone was ever seen to run. */
export function hasRun({ startedAt }: Clone): boolean {
  return startedAt !== undefined;
}

/** A moment later. */
export function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
