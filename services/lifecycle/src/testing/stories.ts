import assert from 'node:assert/strict';
import { WorkloadState } from '@ramet/proto-gen/executor.v1';
import {
  type Action,
  ActionOutcome,
  type Clone,
  type CloneHistoryEntry,
  type CloneKind,
  ClonePhase,
  CreateTemplateRequest,
  type Execution,
  OutcomeKind,
  type Stage,
  StageState,
  type Template,
  TemplateSpec,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Api, createClone, type House, ownerOf } from './house.js';
import { executionOf, got, reached, until, WHOLE_PAST } from './steps.js';

/** A stage that runs a program, with whatever else a test says. */
export function stage(name: string, more: Partial<Stage> = {}): Partial<Stage> {
  const process = { bundle: 'moving-average', tag: '', command: ['node', `${name}.mjs`] };
  const source = { source: { $case: 'process' as const, value: process }, revision: 0 };
  return { name, work: { $case: 'source', value: source }, ...more };
}

/** What a test says of a template. */
export interface TemplateWish {
  readonly ownerId: string;
  readonly name: string;
  readonly kind: CloneKind;
  readonly spec: Parameters<typeof TemplateSpec.fromPartial>[0];
}

/** Makes a template. */
export async function createTemplate(
  { templates }: Api,
  { ownerId, name, kind, spec }: TemplateWish,
): Promise<Template> {
  const { template } = await templates.createTemplate({
    ...CreateTemplateRequest.decode(new Uint8Array()),
    owner: ownerOf(ownerId),
    name,
    kind,
    spec: TemplateSpec.fromPartial(spec),
  });
  return template ?? assert.fail('no template came back');
}

/** Makes a template, and a clone of it. Returns the clone's id. */
export async function createOf(api: Api, wish: TemplateWish): Promise<string> {
  const { id: templateId } = await createTemplate(api, wish);
  const owner = ownerOf(wish.ownerId);
  const { id } = await createClone(api, { botId: '', owner, templateId });
  return id;
}

/** Waits until the executor has a new workload of a stage, of a release if one is named. */
export async function made(
  house: House,
  api: Api,
  id: string,
  stageName: string,
  release?: number,
): Promise<Clone> {
  let clone = await got(api, id);
  const isMade = async (): Promise<boolean> => {
    clone = await got(api, id);
    const { execution } = clone;
    if (execution?.stage !== stageName || execution.outcome) return false;
    if (release !== undefined && execution.release !== release) return false;
    const workload = house.executor.workloads.get(execution.id);
    return workload?.state === WorkloadState.PENDING;
  };
  await until(isMade);
  return clone;
}

/** Waits for a new workload of a stage, and has it run. */
export async function ran(
  house: House,
  api: Api,
  id: string,
  stageName: string,
  release?: number,
): Promise<Clone> {
  const clone = await made(house, api, id, stageName, release);
  house.executor.run(clone.execution?.id ?? '');
  return clone;
}

/** The runner of a clone claims its execution, and tells what its probe has found. */
export async function probed(house: House, clone: Clone, ready: boolean): Promise<void> {
  const { reports } = await house.asRunner(clone);
  const health = { ready, message: ready ? 'it answers' : 'nobody answers' };
  const told = { health, endpoints: [], progress: undefined };
  const instance = 'runner-1';
  await reports.updateExecution({ ...executionOf(clone), ...told, instance, started: true });
}

/** Waits for a new workload of a stage, has it run and its probe find it well. */
export async function up(
  house: House,
  api: Api,
  id: string,
  stageName: string,
  release?: number,
): Promise<Clone> {
  await probed(house, await ran(house, api, id, stageName, release), true);
  return reached(api, id, ClonePhase.RUNNING);
}

/** The executions of a clone, oldest first. */
export async function executionsOf({ clones }: Api, id: string): Promise<readonly Execution[]> {
  const page = { cloneId: id, pageSize: 100, pageToken: '' };
  const { executions } = await clones.listCloneExecutions(page);
  return executions.toReversed();
}

/** What the executions of a clone were and how they ended, such as `1 main SUCCEEDED`. */
export async function pastOf(api: Api, id: string): Promise<readonly string[]> {
  return (await executionsOf(api, id)).map(({ epoch, stage, outcome }) => {
    return `${epoch} ${stage} ${outcome ? nameIn(OutcomeKind, outcome.kind) : 'OPEN'}`;
  });
}

/** What was done to a clone, oldest first. */
export async function actionsOf({ actions }: Api, cloneId: string): Promise<readonly Action[]> {
  const page = { cloneId, owner: undefined, pageSize: 100, pageToken: '' };
  return (await actions.listActions(page)).actions.toReversed();
}

/** What was done to a clone and what came of it, such as `clones.create SUCCEEDED`. */
export async function doingsOf(api: Api, cloneId: string): Promise<readonly string[]> {
  return (await actionsOf(api, cloneId)).map(({ name, outcome }) => {
    return `${name} ${nameIn(ActionOutcome, outcome)}`;
  });
}

/** What has happened to a clone up to now, oldest first. The newest has its place a moment later. */
export async function historyOf(api: Api, cloneId: string): Promise<readonly CloneHistoryEntry[]> {
  const page = { cloneId, pageSize: 1_000, pageToken: '', ...WHOLE_PAST };
  let entries: readonly CloneHistoryEntry[] = [];
  await until(async () => {
    const { seq } = await got(api, cloneId);
    ({ entries } = await api.clones.listCloneHistory(page));
    return entries.length >= seq;
  });
  return entries;
}

/** How far the stages of a clone are, such as `main SUCCEEDED`. */
export function stagesOf({ stages }: Clone): readonly string[] {
  return stages.map(({ name, state }) => `${name} ${nameIn(StageState, state)}`);
}

function nameIn(names: Readonly<Record<string, number>>, wanted: number): string {
  const found = Object.entries(names).find(([, number]) => number === wanted);
  return found?.[0] ?? assert.fail(`there is no name for ${wanted}`);
}
