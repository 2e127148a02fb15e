import {
  Clone,
  CloneDesired,
  CloneHistoryEntry,
  CloneKind,
  ClonePhase,
  Execution,
  GetCloneExecutionInformationResponse,
  type Metric,
  type Outcome,
  OutcomeKind,
  type Progress,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import type { Field } from '../print/fields.js';
import { shape } from '../print/json.js';
import type { Paint } from '../print/paint.js';
import { age, labels, moment, ownerId, percent } from '../print/values.js';
import { limitFields, policyFields, releaseFields } from './clone-fields.js';

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
    ...releaseFields(clone),
    ...limitFields(limits),
    ...clone.parameters.map(({ name, value }): Field => [`parameter ${name}`, value]),
    ...clone.conditions.map(({ type, message }): Field => [`condition ${type}`, message || 'yes']),
    ...clone.endpoints.map(({ label, url }): Field => [`endpoint ${label}`, url]),
    ['labels', labels(clone.labels)],
    ...policyFields(clone),
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

/** How the executions of a clone are shown. */
export function executionView(clock: Clock, paint: Paint): View<Execution> {
  return {
    shape: shape('lifecycle.v1.Execution', Execution),
    fields: executionFields,
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'STAGE', value: ({ stage }) => stage },
      { title: 'EPOCH', value: ({ epoch }) => `${epoch}`, right: true },
      { title: 'RELEASE', value: ({ release }) => `${release}`, right: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'ENDED', value: ({ endTime }) => moment(endTime) },
      { title: 'OUTCOME', value: ({ outcome: how }) => outcome(how), paint: paint.state },
      { title: 'REASON', value: ({ outcome: how }) => how?.reason ?? '', flexible: true },
    ],
  };
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
