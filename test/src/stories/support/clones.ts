import assert from 'node:assert/strict';
import { CreateKeyRequest, KeyAlgorithm, SignOperation } from '@ramet/proto-gen/keys.v1';
import {
  type Clone,
  ClonePhase,
  CreateCloneRequest,
  GetCloneRequest,
  Limits,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { systemClock, systemIds } from '@ramet/service';
import { again } from './again.js';
import type { Api } from './api.js';
import type { Crew, Person } from './world.js';

/** Where a clone stays by itself once it has run. */
export const AT_REST = [ClonePhase.COMPLETED, ClonePhase.STOPPED, ClonePhase.FAILED] as const;

const WAIT_MS = 10_000;
const LIMIT_MS = 120_000;

/** What a test wants of a clone: its parameters as an object, and the rest as in the API. */
export type Wish = Omit<Partial<CreateCloneRequest>, 'parameters'> & {
  readonly does?: Readonly<Record<string, string>>;
};

/** A request for a clone of a crew's bot, which belongs to `owner`. */
export function wishOf({ bot }: Crew, owner: Owner, { does = {}, ...rest }: Wish = {}) {
  const parameters = Object.entries(does).map(([name, value]) => ({ name, value }));
  const grace = { seconds: 3n, nanos: 0 };
  const limits = Limits.fromPartial({ grace });
  const signs = rest.keyId ? { keyLimits: { operations: [SignOperation.RAW] } } : {};
  const wanted = { limits, owner, botId: bot.id, parameters, ...signs, ...rest };
  return CreateCloneRequest.fromPartial(wanted);
}

/** Creates a clone of a crew's bot. */
export async function createClone(api: Api, crew: Crew, owner: Owner, wish: Wish = {}) {
  const request = { requestId: systemIds.make('req'), ...wish };
  const { clone } = await api.clones.createClone(wishOf(crew, owner, request));
  return clone ?? assert.fail('no clone came back');
}

/** Creates a key of an owner. */
export async function createKey(
  api: Api,
  owner: Owner,
  algorithm: KeyAlgorithm = KeyAlgorithm.HMAC_SHA256,
): Promise<string> {
  const { key } = await api.keys.createKey(
    CreateKeyRequest.fromPartial({
      requestId: systemIds.make('req'),
      owner,
      name: systemIds.make('k').replace('_', '-'),
      algorithm,
      material: { $case: 'generate', value: {} },
    }),
  );
  return key?.id ?? assert.fail('no key came back');
}

/** Returns the clone once it is in one of the phases. Fails if it never is. */
export async function untilPhase(
  { api: { clones } }: Person,
  id: string,
  ...phases: readonly ClonePhase[]
): Promise<Clone> {
  const start = systemClock.elapsed();
  const { clone } = await again(async () => {
    if (systemClock.elapsed() - start > LIMIT_MS) {
      const { clone: now } = await clones.getClone(GetCloneRequest.fromPartial({ id }));
      const wanted = phases.map(phaseName).join(' or ');
      assert.fail(`${id} is ${phaseName(now?.phase ?? 0)}, not ${wanted}: ${now?.message}`);
    }
    return clones.waitClone({ id, phases }, { timeoutMs: WAIT_MS });
  });
  return clone ?? assert.fail('no clone came back');
}

/** The word for a phase. */
export function phaseName(phase: ClonePhase): string {
  return Object.entries(ClonePhase).find(([, number]) => number === phase)?.[0] ?? String(phase);
}

/** Deletes a clone and returns it once nothing is left of it. */
export async function deleteClone(person: Person, id: string): Promise<Clone> {
  await person.patient.clones.deleteClone({ id, etag: '' });
  return untilPhase(person, id, ClonePhase.DELETED);
}

/** The lines that a clone's workload has printed so far. */
export async function linesOf({ api: { clones } }: Person, id: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const all = { cloneId: id, executionId: '', follow: false, tailLines: 0 };
  for await (const page of clones.streamCloneLogs(all)) {
    lines.push(...page.lines.map(({ text }) => Buffer.from(text).toString().trimEnd()));
  }
  return lines;
}

/** Follows what a clone's workload prints until it has printed a line. */
export async function untilPrinted(person: Person, id: string, line: string): Promise<void> {
  const follow = { cloneId: id, executionId: '', follow: true, tailLines: 0 };
  for await (const { lines } of person.api.clones.streamCloneLogs(follow)) {
    if (lines.some(({ text }) => Buffer.from(text).toString().trimEnd() === line)) return;
  }
  assert.fail(`the workload of ${id} has ended without printing: ${line}`);
}
