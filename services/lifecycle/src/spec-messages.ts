import {
  CloneKind,
  FailureCategory,
  type Limits as LimitsMessage,
  type ParameterSpec as ParameterSpecMessage,
  ParameterType,
  type Policy as PolicyMessage,
  type Probe as ProbeMessage,
  type RetryPolicy as RetryPolicyMessage,
  type TemplateSpec as SpecMessage,
  type Stage as StageMessage,
} from '@ramet/proto-gen/lifecycle.v1';
import type { BotSource } from '@ramet/proto-gen/teams.v1';
import type { CloneKind as Kind } from './domain/clone.js';
import type {
  Failure,
  Limits,
  ParameterSpec,
  Policy,
  Port,
  Probe,
  RetryPolicy,
  Source,
  Spec,
  Stage,
} from './domain/spec.js';
import { durations, toDuration } from './duration-messages.js';
import { fromOverrideMessage, toOverrideMessage } from './override-messages.js';

const KIND = {
  BOT: CloneKind.BOT,
  WORKFLOW: CloneKind.WORKFLOW,
  ENVIRONMENT: CloneKind.ENVIRONMENT,
  INSTANCE: CloneKind.INSTANCE,
} as const satisfies Record<Kind, CloneKind>;

const FAILURE = {
  EXIT: FailureCategory.EXIT,
  SIGNAL: FailureCategory.SIGNAL,
  OUT_OF_MEMORY: FailureCategory.OUT_OF_MEMORY,
  TIMED_OUT: FailureCategory.TIMED_OUT,
  REPORTED: FailureCategory.REPORTED,
  START_FAILED: FailureCategory.START_FAILED,
  LOST: FailureCategory.LOST,
} as const satisfies Record<Failure, FailureCategory>;

const PARAMETER_TYPE = {
  TEXT: ParameterType.TEXT,
  INTEGER: ParameterType.INTEGER,
  NUMBER: ParameterType.NUMBER,
  BOOLEAN: ParameterType.BOOLEAN,
  ENUMERATION: ParameterType.ENUMERATION,
  URL: ParameterType.URL,
  TIME: ParameterType.TIME,
} as const satisfies Record<ParameterSpec['type'], ParameterType>;

/** A kind of clone, as the API shows it. */
export function toKindMessage(kind: Kind): CloneKind {
  return KIND[kind];
}

/** The kind that a request names. Undefined: it names none. */
export function fromKindMessage(message: CloneKind): Kind | undefined {
  return KINDS.find((kind) => KIND[kind] === message);
}

const KINDS = Object.keys(KIND) as readonly Kind[];
const FAILURE_NAMES = Object.keys(FAILURE) as readonly Failure[];
const TYPE_NAMES = Object.keys(PARAMETER_TYPE) as readonly ParameterSpec['type'][];

/** A spec, as the API shows it. */
export function toSpecMessage(spec: Spec): SpecMessage {
  return {
    stages: spec.stages.map(toStageMessage),
    parameters: spec.parameters.map((parameter) => {
      return { ...parameter, type: PARAMETER_TYPE[parameter.type] };
    }),
    openParameters: spec.openParameters,
    limits: toLimitsMessage(spec.limits),
    overrides: spec.overrides.map(toOverrideMessage),
    policy: toPolicyMessage(spec.policy),
  };
}

/** The spec that a request gives, with the defaults of what it leaves out. */
export function fromSpecMessage(message: SpecMessage): Spec {
  return {
    stages: message.stages.map((stage) => unrevised(fromStageMessage(stage))),
    parameters: message.parameters.map(fromParameterSpecMessage),
    openParameters: message.openParameters,
    limits: fromLimitsMessage(message.limits),
    overrides: message.overrides.map((override) => {
      return { ...fromOverrideMessage(override), layer: 'TEMPLATE' };
    }),
    policy: fromPolicyMessage(message.policy),
  };
}

/** A stage whose source was not set by teams, whatever a request says. */
function unrevised(stage: Stage): Stage {
  if (stage.work.kind !== 'source') return stage;
  return { ...stage, work: { ...stage.work, source: { ...stage.work.source, revision: 0 } } };
}

function fromParameterSpecMessage(message: ParameterSpecMessage): ParameterSpec {
  const { name, description, required, defaultValue, values, min, max } = message;
  return {
    name,
    type: known(TYPE_NAMES.find((type) => PARAMETER_TYPE[type] === message.type)),
    description,
    required,
    ...(defaultValue !== undefined && { defaultValue }),
    values,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  };
}

/** A stage, as the API shows it. */
export function toStageMessage(stage: Stage): StageMessage {
  return {
    name: stage.name,
    work: toWorkMessage(stage.work),
    always: stage.always,
    oncePerRelease: stage.oncePerRelease,
    limits: toLimitsMessage(stage.limits),
    retry: stage.retry && toRetryMessage(stage.retry),
    probe: stage.probe && toProbeMessage(stage.probe),
    ports: stage.ports,
  };
}

/** The stage that a message is. */
export function fromStageMessage(message: StageMessage): Stage {
  return {
    name: message.name,
    work: fromWorkMessage(message.work),
    always: message.always,
    oncePerRelease: message.oncePerRelease,
    limits: fromLimitsMessage(message.limits),
    ...(message.retry && { retry: fromRetryMessage(message.retry) }),
    ...(message.probe && { probe: fromProbeMessage(message.probe) }),
    ports: message.ports.map(({ name, label, scheme }): Port => {
      return { name, label: label || name, scheme: scheme || 'http' };
    }),
  };
}

function toWorkMessage(work: Stage['work']): StageMessage['work'] {
  switch (work.kind) {
    case 'bot':
      return undefined;
    case 'fetch_inputs':
      return { $case: 'fetchInputs', value: {} };
    case 'source':
      return { $case: 'source', value: toSourceMessage(work.source) };
  }
}

function fromWorkMessage(work: StageMessage['work']): Stage['work'] {
  switch (work?.$case) {
    case undefined:
      return { kind: 'bot' };
    case 'fetchInputs':
      return { kind: 'fetch_inputs' };
    case 'source':
      return { kind: 'source', source: fromSourceMessage(work.value) };
  }
}

/** A source, as teams and executor know it. */
export function toSourceMessage({ kind, revision, ...value }: Source): BotSource {
  if ('bundle' in value) return { source: { $case: 'process', value }, revision };
  return { source: { $case: 'image', value }, revision };
}

/** The source that a message is. Throws for one that names nothing known. */
export function fromSourceMessage(message: BotSource | undefined): Source {
  const source = message?.source;
  if (!message || !source) throw new Error('a source names nothing that can run');
  const { revision } = message;
  if (source.$case === 'process') return { kind: 'process', ...source.value, revision };
  return { kind: 'image', ...source.value, revision };
}

function toRetryMessage(retry: RetryPolicy): RetryPolicyMessage {
  return {
    maxExecutions: retry.maxExecutions,
    on: retry.on.map((failure) => FAILURE[failure]),
    backoff: toDuration(retry.backoffMs),
    maxBackoff: toDuration(retry.maxBackoffMs),
  };
}

function fromRetryMessage(message: RetryPolicyMessage): RetryPolicy {
  return {
    maxExecutions: message.maxExecutions || 1,
    on: message.on.map((category) => {
      return known(FAILURE_NAMES.find((failure) => FAILURE[failure] === category));
    }),
    ...durations({ backoffMs: message.backoff, maxBackoffMs: message.maxBackoff }),
  };
}

function toProbeMessage({ check, periodMs, timeoutMs, failures }: Probe): ProbeMessage {
  return {
    check: toCheckMessage(check),
    period: toDuration(periodMs),
    timeout: toDuration(timeoutMs),
    failures: failures ?? 0,
  };
}

function toCheckMessage({ kind, ...value }: Probe['check']): ProbeMessage['check'] {
  if ('command' in value) return { $case: 'command', value };
  if ('path' in value) return { $case: 'http', value };
  return { $case: 'tcp', value };
}

function fromProbeMessage({ check, period, timeout, failures }: ProbeMessage): Probe {
  return {
    check: fromCheckMessage(check),
    ...durations({ periodMs: period, timeoutMs: timeout }),
    ...(failures !== 0 && { failures }),
  };
}

function fromCheckMessage(check: ProbeMessage['check']): Probe['check'] {
  switch (check?.$case) {
    case 'http':
      return { kind: 'http', port: check.value.port, path: check.value.path || '/' };
    case 'tcp':
      return { kind: 'tcp', port: check.value.port };
    case 'command':
      return { kind: 'command', command: check.value.command };
    case undefined:
      return known<Probe['check']>(undefined);
  }
}

/** A policy, as the API shows it. */
export function toPolicyMessage(policy: Policy): PolicyMessage {
  return {
    expireAfter: toDuration(policy.expireAfterMs),
    expiryGrace: toDuration(policy.expiryGraceMs),
    extendUpTo: toDuration(policy.extendUpToMs),
    idleAfter: toDuration(policy.idleAfterMs),
    resultRetention: toDuration(policy.resultRetentionMs),
    archiveRetention: toDuration(policy.archiveRetentionMs),
    startWithin: toDuration(policy.startWithinMs),
  };
}

/** The policy that a request gives. What it leaves out stays absent. */
export function fromPolicyMessage(message: PolicyMessage | undefined): Policy {
  return durations({
    expireAfterMs: message?.expireAfter,
    expiryGraceMs: message?.expiryGrace,
    extendUpToMs: message?.extendUpTo,
    idleAfterMs: message?.idleAfter,
    resultRetentionMs: message?.resultRetention,
    archiveRetentionMs: message?.archiveRetention,
    startWithinMs: message?.startWithin,
  });
}

/** Limits, as the API shows them. */
export function toLimitsMessage(limits: Limits): LimitsMessage {
  return {
    runTime: toDuration(limits.runTimeMs),
    memoryBytes: BigInt(limits.memoryBytes ?? 0),
    grace: toDuration(limits.graceMs),
    cpuMillis: BigInt(limits.cpuMillis ?? 0),
    storageBytes: BigInt(limits.storageBytes ?? 0),
  };
}

/** The limits that a request gives. What it leaves out stays absent. */
export function fromLimitsMessage(message: LimitsMessage | undefined): Limits {
  const memoryBytes = Number(message?.memoryBytes ?? 0n);
  const cpuMillis = Number(message?.cpuMillis ?? 0n);
  const storageBytes = Number(message?.storageBytes ?? 0n);
  return {
    ...durations({ runTimeMs: message?.runTime, graceMs: message?.grace }),
    ...(memoryBytes !== 0 && { memoryBytes }),
    ...(cpuMillis !== 0 && { cpuMillis }),
    ...(storageBytes !== 0 && { storageBytes }),
  };
}

/** What the contract lets through has a name here. */
function known<Name>(name: Name | undefined): Name {
  if (name === undefined) throw new Error('a message has a value that the contract does not allow');
  return name;
}
