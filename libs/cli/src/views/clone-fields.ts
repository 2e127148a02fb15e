import {
  type Clone,
  type Input,
  type Limits,
  type Override,
  OverrideLayer,
  OverrideScope,
  type Policy,
  type Release,
  StageState,
  type StageStatus,
} from '@ramet/proto-gen/lifecycle.v1';
import { nameOf, spelled } from '../parse/choice.js';
import type { Field } from '../print/fields.js';
import { bytes, moment, span } from '../print/values.js';

const MILLIS_PER_CORE = 1_000;

/** What a clone may use. */
export function limitFields(limits: Limits | undefined): readonly Field[] {
  if (!limits) return [];
  const { runTime, memoryBytes, grace, cpuMillis, storageBytes } = limits;
  return [
    ['run time', span(runTime)],
    ['memory', memoryBytes ? bytes(memoryBytes) : ''],
    ['grace', span(grace)],
    ['processors', cpuMillis ? `${Number(cpuMillis) / MILLIS_PER_CORE}` : ''],
    ['storage', storageBytes ? bytes(storageBytes) : ''],
  ];
}

/** What a clone runs, stage by stage, and how far each is. */
export function releaseFields({ templateId, release, candidate, stages }: Clone): readonly Field[] {
  return [
    ['template', templateId],
    ['release', release ? releaseText(release) : ''],
    ['updating to', candidate ? releaseText(candidate) : ''],
    ...stages.map((stage): Field => [`stage ${stage.name}`, stageText(stage)]),
    ...(release?.overrides ?? []).map((each): Field => [`value ${each.name}`, overrideText(each)]),
  ];
}

/** What holds for a clone however it runs, and when it ends for that. */
export function policyFields(clone: Clone): readonly Field[] {
  const { expireTime, deleteDueTime, externalRef, privateResults, traits, actionId } = clone;
  return [
    ...clone.inputs.map((input): Field => [`input ${input.name}`, inputText(input)]),
    ['known elsewhere as', externalRef],
    ['results', privateResults ? "its creator's alone" : ''],
    ...lifeFields(clone.policy),
    ['expires', moment(expireTime)],
    ['deleted at the latest', moment(deleteDueTime)],
    ['traits', traits.join(', ')],
    ['action', actionId],
  ];
}

function lifeFields(policy: Policy | undefined): readonly Field[] {
  if (!policy) return [];
  return [
    ['lives', span(policy.expireAfter)],
    ['may be extended to', span(policy.extendUpTo)],
    ['stops when idle for', span(policy.idleAfter)],
    ['keeps results for', span(policy.resultRetention)],
  ];
}

function releaseText({ number, templateRevision, tag }: Release): string {
  const parts = [
    templateRevision > 0 ? `revision ${templateRevision}` : '',
    tag === '' ? '' : `tag ${tag}`,
  ].filter(Boolean);
  return parts.length > 0 ? `${number} (${parts.join(', ')})` : `${number}`;
}

function stageText({ state, executions, outcome }: StageStatus): string {
  const runs = executions > 1 ? `${executions} executions` : '';
  const details = [outcome?.reason, outcome?.message, runs].filter(Boolean).join(', ');
  const word = spelled(nameOf(StageState, state));
  return details ? `${word} (${details})` : word;
}

function overrideText({ value, secret, digest, scope, layer }: Override): string {
  const from = `of the ${spelled(nameOf(OverrideLayer, layer))}`;
  const where = scope === OverrideScope.ENVIRONMENT ? `${from}, for its environment` : from;
  return secret ? `secret ${digest} (${where})` : `${value} (${where})`;
}

function inputText({ source, sha256 }: Input): string {
  const sum = sha256.length > 0 ? `sha256 ${Buffer.from(sha256).toString('hex')}` : '';
  return [sourceText(source), sum].filter(Boolean).join(', ');
}

function sourceText(source: Input['source']): string {
  if (source?.$case !== 'result') return source?.value ?? '';
  return `result ${source.value.name} of ${source.value.cloneId}`;
}
