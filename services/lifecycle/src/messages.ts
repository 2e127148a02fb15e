import { GrantLimits } from '@ramet/proto-gen/keys.v1';
import {
  CloneDesired,
  type Clone as CloneMessage,
  ClonePhase,
  type CompletionReport,
  type Execution as ExecutionMessage,
  type Holds as HoldsMessage,
  type CloneKind as KindMessage,
  OutcomeKind,
  type Outcome as OutcomeMessage,
  type Progress as ProgressMessage,
  type Release as ReleaseMessage,
  StageState,
  type StageStatus as StageStatusMessage,
  type WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Owner as OwnerMessage } from '@ramet/proto-gen/teams.v1';
import type {
  Clone,
  CloneKind,
  Execution,
  Outcome,
  Owner,
  Report,
  StageStatus,
} from './domain/clone.js';
import type { Phase } from './domain/phases.js';
import type { Progress } from './domain/progress.js';
import { type Holds, holdsOf } from './domain/quota.js';
import type { Release } from './domain/release.js';
import type { WatchedFacts, WatchFilter } from './domain/watch-filter.js';
import { toInputMessage, toOverrideMessage } from './override-messages.js';
import {
  fromKindMessage,
  toKindMessage,
  toLimitsMessage,
  toPolicyMessage,
} from './spec-messages.js';

const DESIRED = {
  RUNNING: CloneDesired.RUNNING,
  STOPPED: CloneDesired.STOPPED,
  DELETED: CloneDesired.DELETED,
  SUSPENDED: CloneDesired.SUSPENDED,
  ARCHIVED: CloneDesired.ARCHIVED,
} as const satisfies Record<Clone['desired'], CloneDesired>;

const PHASE = {
  ACCEPTED: ClonePhase.ACCEPTED,
  PREPARING: ClonePhase.PREPARING,
  PROVISIONING: ClonePhase.PROVISIONING,
  RUNNING: ClonePhase.RUNNING,
  STOPPING: ClonePhase.STOPPING,
  FINALIZING: ClonePhase.FINALIZING,
  COMPLETED: ClonePhase.COMPLETED,
  STOPPED: ClonePhase.STOPPED,
  FAILED: ClonePhase.FAILED,
  DELETING: ClonePhase.DELETING,
  CLEANUP_FAILED: ClonePhase.CLEANUP_FAILED,
  DELETED: ClonePhase.DELETED,
  UPDATING: ClonePhase.UPDATING,
  SUSPENDING: ClonePhase.SUSPENDING,
  SUSPENDED: ClonePhase.SUSPENDED,
  RESUMING: ClonePhase.RESUMING,
  ARCHIVING: ClonePhase.ARCHIVING,
  ARCHIVED: ClonePhase.ARCHIVED,
  RESTORING: ClonePhase.RESTORING,
} as const satisfies Record<Phase, ClonePhase>;

const OUTCOME = {
  SUCCEEDED: OutcomeKind.SUCCEEDED,
  FAILED: OutcomeKind.FAILED,
  STOPPED: OutcomeKind.STOPPED,
  TIMED_OUT: OutcomeKind.TIMED_OUT,
  INTERRUPTED: OutcomeKind.INTERRUPTED,
} as const satisfies Record<Outcome['kind'], OutcomeKind>;

const STAGE_STATE = {
  WAITING: StageState.WAITING,
  ACTIVE: StageState.ACTIVE,
  SUCCEEDED: StageState.SUCCEEDED,
  FAILED: StageState.FAILED,
  SKIPPED: StageState.SKIPPED,
} as const satisfies Record<StageStatus['state'], StageState>;

/** A clone, as the API shows it. */
export function toCloneMessage(clone: Clone): CloneMessage {
  const { release, candidate, execution } = clone;
  return {
    ...identityOf(clone),
    ...timesOf(clone),
    parameters: release.parameters,
    limits: toLimitsMessage(release.limits),
    release: toReleaseMessage(release),
    candidate: candidate && toReleaseMessage(candidate),
    stages: clone.stages.map(toStageStatusMessage),
    desired: DESIRED[clone.desired],
    phase: PHASE[clone.phase],
    reason: clone.reason,
    message: clone.message,
    epoch: clone.epoch,
    execution: execution && toExecutionMessage(execution),
    conditions: clone.conditions.map(({ sinceAt, ...condition }) => {
      return { ...condition, sinceTime: sinceAt };
    }),
    endpoints: clone.endpoints,
    labels: { ...clone.labels },
    traits: clone.traits,
    holds: toHoldsMessage(holdsOf(clone)),
    actionId: clone.action?.id ?? '',
    etag: etagOf(clone),
    seq: clone.seq,
  };
}

function identityOf(clone: Clone) {
  return {
    id: clone.id,
    name: clone.name,
    kind: toKindMessage(clone.kind),
    owner: toOwnerMessage(clone.owner),
    creatorId: clone.creatorId,
    botId: clone.botId,
    teamId: clone.teamId,
    keyId: clone.keyId,
    templateId: clone.templateId,
    inputs: clone.inputs.map(toInputMessage),
    externalRef: clone.externalRef,
    privateResults: clone.privateResults,
    policy: toPolicyMessage(clone.policy),
    keyLimits: clone.keyLimits && GrantLimits.decode(clone.keyLimits),
  };
}

function timesOf(clone: Clone) {
  return {
    phaseTime: clone.phaseAt,
    deadlineTime: clone.deadlineAt,
    expireTime: clone.expireAt,
    deleteDueTime: clone.deleteDueAt,
    createTime: clone.createdAt,
    updateTime: clone.updatedAt,
    startTime: clone.startedAt,
    deleteTime: clone.deletedAt,
  };
}

/** A phase, as the API shows it. */
export function toPhaseMessage(phase: Phase): ClonePhase {
  return PHASE[phase];
}

function toReleaseMessage(release: Release): ReleaseMessage {
  const { number, templateRevision, tag, parameters, overrides, limits } = release;
  return {
    number,
    templateRevision,
    tag,
    parameters,
    overrides: overrides.map(toOverrideMessage),
    limits: toLimitsMessage(limits),
  };
}

function toStageStatusMessage(stage: StageStatus): StageStatusMessage {
  const { name, executionId = '', epoch = 0, executions, outcome, always } = stage;
  return {
    name,
    state: STAGE_STATE[stage.state],
    executionId,
    epoch,
    executions,
    outcome: outcome && toOutcomeMessage(outcome),
    always,
  };
}

/** What a clone takes of its owner's quota, as the API shows it. */
function toHoldsMessage(holds: Holds): HoldsMessage {
  return {
    clones: BigInt(holds.clones),
    cpuMillis: BigInt(holds.cpu_millis),
    memoryBytes: BigInt(holds.memory_bytes),
    storageBytes: BigInt(holds.storage_bytes),
  };
}

/** What changes with every change of a clone. */
export function etagOf({ seq }: Clone): string {
  return String(seq);
}

/** An execution, as the API shows it. */
export function toExecutionMessage(execution: Execution): ExecutionMessage {
  const { id, cloneId, epoch, stage, release, outcome, report } = execution;
  return {
    id,
    cloneId,
    epoch,
    stage,
    release,
    notBeforeTime: execution.notBefore,
    createTime: execution.createdAt,
    startTime: execution.startedAt,
    endTime: execution.endedAt,
    outcome: outcome && toOutcomeMessage(outcome),
    report,
  };
}

function toOutcomeMessage(outcome: Outcome): OutcomeMessage {
  return { ...outcome, kind: OUTCOME[outcome.kind] };
}

/** A report of a runner, as the API shows it. */
export function toProgressMessage({ reportedAt, ...progress }: Progress): ProgressMessage {
  return { ...progress, reportTime: reportedAt };
}

/** What a runner reported, as lifecycle keeps it. */
export function fromReportMessage({ success, message, metrics }: CompletionReport): Report {
  return { success, message, metrics };
}

/** An owner, as all APIs show it. */
export function toOwnerMessage({ kind, id }: Owner): OwnerMessage {
  return { owner: { $case: kind === 'user' ? 'userId' : 'teamId', value: id } };
}

/** The owner that a request names. The contract has made sure that it names one. */
export function fromOwnerMessage(message: OwnerMessage | undefined): Owner | undefined {
  const owner = message?.owner;
  if (!owner) return undefined;
  return { kind: owner.$case === 'userId' ? 'user' : 'team', id: owner.value };
}

const PHASE_OF = namesOf(PHASE);

/** The filter of a watch. The owner is not in it: it is part of what the watcher sees. */
export function fromWatchRequest(request: WatchClonesRequest): WatchFilter {
  const { cloneId, teamId, kinds, phases, labels } = request;
  return {
    cloneId,
    teamId,
    kinds: kinds.map((kind) => requiredKindOf(kind)),
    phases: phases.map((phase) => PHASE_OF(phase)),
    labels,
  };
}

/** What filters of watches go by, of a clone as an event has it. */
export function toWatchedFacts(clone: CloneMessage): WatchedFacts {
  return {
    id: clone.id,
    ownerId: clone.owner?.owner?.value ?? '',
    teamId: clone.teamId,
    kind: requiredKindOf(clone.kind),
    phase: PHASE_OF(clone.phase),
    labels: clone.labels,
  };
}

function requiredKindOf(message: KindMessage): CloneKind {
  const kind = fromKindMessage(message);
  if (!kind) throw new Error(`the contract has a kind without a word: ${message}`);
  return kind;
}

/** The way back from the numbers of the contract to the words of the domain. */
function namesOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
): (number: number) => Name {
  const names = new Map(Object.entries(numbers).map(([name, number]) => [number, name as Name]));
  return (number) => {
    const name = names.get(number);
    if (name === undefined) throw new Error(`the contract has a number without a word: ${number}`);
    return name;
  };
}
