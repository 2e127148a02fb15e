import {
  CloneDesired,
  CloneKind,
  type Clone as CloneMessage,
  ClonePhase,
  type CompletionReport,
  type Execution as ExecutionMessage,
  type Limits as LimitsMessage,
  OutcomeKind,
  type Outcome as OutcomeMessage,
  type Progress as ProgressMessage,
  type WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { BotSource, Owner as OwnerMessage } from '@ramet/proto-gen/teams.v1';
import type { Clone, Execution, Limits, Outcome, Owner, Report, Source } from './domain/clone.js';
import type { Phase } from './domain/phases.js';
import type { Progress } from './domain/progress.js';
import type { WatchedFacts, WatchFilter } from './domain/watch-filter.js';

const KIND = {
  BOT: CloneKind.BOT,
  WORKFLOW: CloneKind.WORKFLOW,
  ENVIRONMENT: CloneKind.ENVIRONMENT,
  INSTANCE: CloneKind.INSTANCE,
} as const satisfies Record<Clone['kind'], CloneKind>;

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
} as const satisfies Record<Phase, ClonePhase>;

const OUTCOME = {
  SUCCEEDED: OutcomeKind.SUCCEEDED,
  FAILED: OutcomeKind.FAILED,
  STOPPED: OutcomeKind.STOPPED,
  TIMED_OUT: OutcomeKind.TIMED_OUT,
  INTERRUPTED: OutcomeKind.INTERRUPTED,
} as const satisfies Record<Outcome['kind'], OutcomeKind>;

/** A clone, as the API shows it. */
export function toCloneMessage(clone: Clone): CloneMessage {
  return {
    id: clone.id,
    name: clone.name,
    kind: KIND[clone.kind],
    owner: toOwnerMessage(clone.owner),
    creatorId: clone.creatorId,
    botId: clone.botId,
    teamId: clone.teamId,
    keyId: clone.keyId,
    parameters: clone.parameters,
    limits: toLimitsMessage(clone.limits),
    desired: DESIRED[clone.desired],
    phase: PHASE[clone.phase],
    reason: clone.reason,
    message: clone.message,
    phaseTime: clone.phaseAt,
    deadlineTime: clone.deadlineAt,
    epoch: clone.epoch,
    execution: clone.execution && toExecutionMessage(clone.execution),
    conditions: clone.conditions.map(({ sinceAt, ...condition }) => {
      return { ...condition, sinceTime: sinceAt };
    }),
    endpoints: [],
    labels: { ...clone.labels },
    createTime: clone.createdAt,
    updateTime: clone.updatedAt,
    deleteTime: clone.deletedAt,
    etag: etagOf(clone),
    seq: clone.seq,
  };
}

/** What changes with every change of a clone. */
export function etagOf({ seq }: Clone): string {
  return String(seq);
}

/** An execution, as the API shows it. */
export function toExecutionMessage(execution: Execution): ExecutionMessage {
  const { id, cloneId, epoch, outcome, report } = execution;
  return {
    id,
    cloneId,
    epoch,
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

/** Limits, as the API shows them. */
export function toLimitsMessage({ runTimeMs, memoryBytes, graceMs }: Limits): LimitsMessage {
  return {
    runTime: toDuration(runTimeMs),
    memoryBytes: BigInt(memoryBytes ?? 0),
    grace: toDuration(graceMs),
  };
}

/** The limits that a request gives. What it leaves out stays absent. */
export function fromLimitsMessage(message: LimitsMessage | undefined): Limits {
  const runTimeMs = fromDuration(message?.runTime);
  const graceMs = fromDuration(message?.grace);
  const memoryBytes = Number(message?.memoryBytes ?? 0n);
  return {
    ...(runTimeMs !== undefined && { runTimeMs }),
    ...(memoryBytes !== 0 && { memoryBytes }),
    ...(graceMs !== undefined && { graceMs }),
  };
}

type Duration = NonNullable<LimitsMessage['grace']>;

function toDuration(ms: number | undefined): Duration | undefined {
  if (ms === undefined) return undefined;
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}

function fromDuration(duration: Duration | undefined): number | undefined {
  return duration && Number(duration.seconds) * 1_000 + Math.ceil(duration.nanos / 1_000_000);
}

/** A source, as teams and executor know it. */
export function toSourceMessage({ bundle, command, revision }: Source): BotSource {
  return { source: { $case: 'process', value: { bundle, command } }, revision };
}

/** The source that teams answered with. Throws for a kind that is not known here. */
export function fromSourceMessage(message: BotSource | undefined): Source {
  const source = message?.source;
  if (!message || !source) throw new Error('teams answered without a source');
  const { bundle, command } = source.value;
  return { kind: 'process', bundle, command, revision: message.revision };
}

const KIND_OF = namesOf(KIND);
const PHASE_OF = namesOf(PHASE);

/** The filter of a watch. The owner is not in it: it is part of what the watcher sees. */
export function fromWatchRequest(request: WatchClonesRequest): WatchFilter {
  const { cloneId, teamId, kinds, phases, labels } = request;
  return {
    cloneId,
    teamId,
    kinds: kinds.map((kind) => KIND_OF(kind)),
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
    kind: KIND_OF(clone.kind),
    phase: PHASE_OF(clone.phase),
    labels: clone.labels,
  };
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
