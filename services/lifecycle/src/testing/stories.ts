import assert from 'node:assert/strict';
import { WorkloadState } from '@ramet/proto-gen/executor.v1';
import {
  type Clone,
  type CloneKind,
  CreateTemplateRequest,
  type Execution,
  OutcomeKind,
  type Stage,
  StageState,
  type Template,
  TemplateSpec,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Api, createClone, type House, ownerOf } from './house.js';
import { got, until } from './steps.js';

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
async function createTemplate(
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

/** How far the stages of a clone are, such as `main SUCCEEDED`. */
export function stagesOf({ stages }: Clone): readonly string[] {
  return stages.map(({ name, state }) => `${name} ${nameIn(StageState, state)}`);
}

function nameIn(names: Readonly<Record<string, number>>, wanted: number): string {
  const found = Object.entries(names).find(([, number]) => number === wanted);
  return found?.[0] ?? assert.fail(`there is no name for ${wanted}`);
}
