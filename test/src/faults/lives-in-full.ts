import assert from 'node:assert/strict';
import {
  CloneKind,
  type ClonePhase,
  CreateTemplateRequest,
  GetCloneRequest,
  ClonePhase as Phase,
  type Stage,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { again, until } from '../stories/support/again.js';
import type { Callers } from '../stories/support/api.js';
import { AT_REST, createClone, untilPhase, untilPrinted } from '../stories/support/clones.js';
import { requireOneLife } from '../stories/support/soundness.js';
import { type Crew, type Person, processSource } from '../stories/support/world.js';
import { type Life, live, type Story } from './lives.js';

/** A run of two stages that each leave something, which is there to be fetched afterwards. */
export const staged: Story = async (crew, person) => {
  const { id: templateId, revision: templateRevision } = await createTemplate(person);
  const wish = { templateId, templateRevision, botId: '', does: { leave: 'kept' } };
  return live(crew, person, wish, async ({ id }) => {
    await untilPhase(person, id, ...AT_REST);
    const all = { cloneId: id, pageSize: 100, pageToken: '' };
    const { results } = await person.patient.results.listResults(all);
    assert.deepEqual(results.map(({ name }) => name).sort(), LEFT);
  });
};

const LEFT = ['first/1.log', 'first/left.txt', 'second/2.log', 'second/left.txt'];

async function createTemplate({ patient: { templates }, owner }: Person) {
  const source = processSource('worker', ['node', 'main.js']);
  const stages = ['first', 'second'].map((name) => ({
    name,
    work: { $case: 'source' as const, value: source },
  })) as Stage[];
  const { template } = await templates.createTemplate(
    CreateTemplateRequest.fromPartial({
      requestId: 'staged',
      owner,
      name: 'staged',
      kind: CloneKind.WORKFLOW,
      spec: { stages, openParameters: true },
    }),
  );
  return template ?? assert.fail('no template came back');
}

/** A clone whose owner is put on the deny list: it is deleted, whatever it does. */
export async function denied(crew: Crew, person: Person, admin: Callers): Promise<readonly Life[]> {
  const { owner } = person;
  const { id } = await createClone(person.patient, crew, owner, { does: { stay: '' } });
  await again(() => untilPrinted(person, id, 'staying'));
  await admin.patient.standings.denyOwner({ owner, reason: 'it does not pay' });
  await untilPhase(person, id, Phase.DELETED);
  await admin.patient.standings.allowOwner({ owner, reason: 'it has paid' });
  await requireOneLife(person, id);
  return [];
}

/** What is done to a clone that is looked after, one after the other, and what it comes to. */
export const TENDED = ['update', 'suspend', 'resume', 'archive', 'restore'] as const;
/** One of those. */
export type Tending = (typeof TENDED)[number];

/** A clone to which all of that is done. `before` is told what comes next. */
export async function tended(
  crew: Crew,
  person: Person,
  before: (next: Tending) => void,
): Promise<readonly Life[]> {
  const { clones } = person.patient;
  const ask = (id: string): Readonly<Record<Tending, () => Promise<unknown>>> => ({
    update: () => clones.updateClone(updateOf(id)),
    suspend: () => clones.suspendClone({ id, etag: '' }),
    resume: () => clones.resumeClone({ id, etag: '' }),
    archive: () => clones.archiveClone({ id, etag: '' }),
    restore: () => clones.restoreClone({ id, etag: '' }),
  });
  return live(crew, person, { does: { sign: '1', stay: '' } }, async ({ id }) => {
    await untilUp(person, id, 0);
    for (const next of TENDED) {
      const epoch = await epochOf(person, id);
      before(next);
      await ask(id)[next]();
      const rest = RESTS[next];
      if (rest) await untilPhase(person, id, rest);
      else await untilUp(person, id, epoch);
    }
    await person.patient.clones.stopClone({ id, etag: '', external: undefined });
  });
}

const RESTS: Readonly<Partial<Record<Tending, ClonePhase>>> = {
  suspend: Phase.SUSPENDED,
  archive: Phase.ARCHIVED,
};

function updateOf(id: string): UpdateCloneRequest {
  const setParameters = [{ name: 'pause', value: '1' }];
  return UpdateCloneRequest.fromPartial({ id, requestId: 'update', setParameters });
}

/** Returns once an execution of a later epoch has come to where it waits to be stopped. */
async function untilUp(person: Person, id: string, epoch: number): Promise<void> {
  await until(`${id} runs in a later epoch`, async () => (await epochOf(person, id)) > epoch);
  await untilPhase(person, id, Phase.RUNNING);
  await again(() => untilPrinted(person, id, 'staying'));
}

async function epochOf({ patient: { clones } }: Person, id: string): Promise<number> {
  const { clone } = await clones.getClone(GetCloneRequest.fromPartial({ id }));
  return clone?.epoch ?? assert.fail(`no clone: ${id}`);
}
