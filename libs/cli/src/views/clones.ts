import {
  Clone,
  CloneDesired,
  CloneHistoryEntry,
  CloneKind,
  ClonePhase,
  type Execution,
  GetCloneExecutionInformationResponse,
  type Metric,
  type Outcome,
  OutcomeKind,
  type Progress,
  Quota,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import type { Field } from '../print/fields.js';
import { shape } from '../print/json.js';
import type { Paint } from '../print/paint.js';
import { age, bytes, labels, moment, ownerId, percent, span } from '../print/values.js';

/** The shape of a clone. */
const CLONE = shape('lifecycle.v1.Clone', Clone);

/** The word for a clone's phase. */
export function phaseOf(clone: Pick<Clone, 'phase'> | undefined): string {
  return clone ? nameOf(ClonePhase, clone.phase) : '';
}

/** How clones are shown. */
export function cloneView(clock: Clock, paint: Paint): View<Clone> {
  return {
    shape: CLONE,
    fields: cloneFields,
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'PHASE', value: phaseOf, paint: paint.state },
      {
        title: 'OUTCOME',
        value: ({ execution }) => outcome(execution?.outcome),
        paint: paint.state,
      },
      { title: 'EPOCH', value: ({ epoch }) => `${epoch}`, right: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'REASON', value: ({ reason }) => reason, flexible: true },
    ],
  };
}

function cloneFields(clone: Clone): readonly Field[] {
  const { limits, execution } = clone;
  return [
    ['id', clone.id],
    ['name', clone.name],
    ['kind', nameOf(CloneKind, clone.kind)],
    ['owner', ownerId(clone.owner)],
    ['creator', clone.creatorId],
    ['bot', clone.botId],
    ['team', clone.teamId],
    ['key', clone.keyId || 'none'],
    ['wanted', nameOf(CloneDesired, clone.desired)],
    ['phase', phaseOf(clone)],
    ['since', moment(clone.phaseTime)],
    ['until at most', moment(clone.deadlineTime)],
    ['reason', clone.reason],
    ['message', clone.message],
    ['epoch', `${clone.epoch}`],
    ...executionFields(execution),
    ['run time', span(limits?.runTime)],
    ['memory', limits?.memoryBytes ? bytes(limits.memoryBytes) : ''],
    ['grace', span(limits?.grace)],
    ...clone.parameters.map(({ name, value }): Field => [`parameter ${name}`, value]),
    ...clone.conditions.map(({ type, message }): Field => [`condition ${type}`, message || 'yes']),
    ...clone.endpoints.map(({ label, url }): Field => [`endpoint ${label}`, url]),
    ['labels', labels(clone.labels)],
    ['created', moment(clone.createTime)],
    ['changed', moment(clone.updateTime)],
    ['deleted', moment(clone.deleteTime)],
    ['etag', clone.etag],
  ];
}

function executionFields(execution: Execution | undefined): readonly Field[] {
  if (!execution) return [];
  const { report } = execution;
  const reported = report && [report.success ? 'success' : 'failure', report.message];
  return [
    ['execution', execution.id],
    ['started', moment(execution.startTime)],
    ['ended', moment(execution.endTime)],
    ['outcome', outcomeText(execution.outcome)],
    ['reported', reported?.filter(Boolean).join(': ') ?? ''],
    ...metricFields('result', report?.metrics ?? []),
  ];
}

function metricFields(label: string, metrics: readonly Metric[]): readonly Field[] {
  return metrics.map(({ name, value, unit }): Field => {
    return [`${label} ${name}`, [`${value}`, unit].filter(Boolean).join(' ')];
  });
}

function outcome(value: Outcome | undefined): string {
  return value ? nameOf(OutcomeKind, value.kind) : '';
}

function outcomeText(value: Outcome | undefined): string {
  if (!value) return '';
  const exit = value.exitCode === undefined ? '' : `exit code ${value.exitCode}`;
  const details = [value.reason, exit, value.signal, value.message].filter(Boolean).join(', ');
  return details ? `${outcome(value)} (${details})` : outcome(value);
}

/** How an execution goes or went, with its last report. */
export function informationView(): View<GetCloneExecutionInformationResponse> {
  return {
    shape: shape(
      'lifecycle.v1.GetCloneExecutionInformationResponse',
      GetCloneExecutionInformationResponse,
    ),
    fields: ({ execution, progress, heartbeatTime }) => [
      ['epoch', execution ? `${execution.epoch}` : ''],
      ...executionFields(execution),
      ['progress', progress ? progressText(progress) : ''],
      ...metricFields('metric', progress?.metrics ?? []),
      ['reported at', moment(progress?.reportTime)],
      ['last heard of', moment(heartbeatTime)],
    ],
    columns: [],
  };
}

/** A report of a running workload in one line. */
export function progressText({ fraction, message }: Progress): string {
  return [percent(fraction), message].filter(Boolean).join(' ');
}

/** How the history of a clone is shown. */
export function historyView(paint: Paint): View<CloneHistoryEntry> {
  return {
    shape: shape('lifecycle.v1.CloneHistoryEntry', CloneHistoryEntry),
    fields: () => [],
    columns: [
      { title: 'SEQ', value: ({ seq }) => `${seq}`, right: true },
      { title: 'TIME', value: ({ time }) => moment(time) },
      { title: 'WHAT', value: ({ kind }) => kind },
      { title: 'PHASE', value: ({ clone }) => phaseOf(clone), paint: paint.state },
      { title: 'BY', value: ({ actor }) => actor },
      { title: 'BECAUSE', value: ({ cause }) => cause, flexible: true },
      { title: 'TRACE', value: ({ traceId }) => traceId, flexible: true },
    ],
  };
}

/** How limits and what is used of them are shown. */
export function quotaView(): View<Quota> {
  return {
    shape: shape('lifecycle.v1.Quota', Quota),
    fields: () => [],
    columns: [
      { title: 'KIND', value: ({ kind }) => nameOf(CloneKind, kind) },
      { title: 'RESOURCE', value: ({ resource }) => resource },
      { title: 'USED', value: ({ used }) => `${used}`, right: true },
      { title: 'LIMIT', value: ({ limit }) => `${limit}`, right: true },
    ],
  };
}
