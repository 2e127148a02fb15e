import assert from 'node:assert/strict';
import {
  type Clone,
  ClonePhase,
  ListCloneHistoryRequest,
  StopCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { again, until } from '../stories/support/again.js';
import type { Callers } from '../stories/support/api.js';
import {
  AT_REST,
  createClone,
  createKey,
  deleteClone,
  phaseName,
  untilPhase,
  untilPrinted,
  type Wish,
} from '../stories/support/clones.js';
import { requireOneLife } from '../stories/support/soundness.js';
import { type Crew, type Person, processSource } from '../stories/support/world.js';
import { startReceiver } from './receiver.js';

/** How a clone has lived, as it was told before its deletion. */
export interface Life {
  readonly phase: string;
  readonly reason: string;
  readonly signatures: number;
}

/** Something that a user does from a key to a deletion, repeating what could not be answered. */
export type Story = (crew: Crew, person: Person, admin: Callers) => Promise<readonly Life[]>;

/** A clone that signs three times, completes and is deleted. */
export const whole: Story = (crew, person) => live(crew, person, { does: { sign: '3' } });

/** A clone that is stopped while it runs. */
export const stopped: Story = (crew, person) => {
  return live(crew, person, { does: { sign: '1', stay: '' } }, async ({ id }) => {
    await again(() => untilPrinted(person, id, 'staying'));
    await person.patient.clones.stopClone(StopCloneRequest.fromPartial({ id }));
  });
};

/** A clone that is deleted while it runs. */
export const deletedAlive: Story = (crew, person) => {
  const wish = { does: { sign: 'forever', pause: '50' } };
  return live(crew, person, wish, async ({ id }) => {
    await untilPhase(person, id, ClonePhase.RUNNING, ...AT_REST);
    await deleteClone(person, id);
  });
};

/** A clone whose workload cannot be started. */
export const failing: Story = async (crew, person) => {
  const source = processSource('no-such-bundle', ['node', 'main.js']);
  const { bot } = crew;
  await person.patient.bots.setBotSource({ id: bot.id, owner: person.owner, source });
  return live(crew, person, {});
};

/** A clone whose phases are told to a receiver: each of them, in order, once in effect. */
export const notified: Story = async (crew, person, admin) => {
  await using receiver = await startReceiver();
  const { webhooks } = person.patient;
  const { webhook } = await webhooks.createWebhook({
    requestId: 'notified',
    owner: person.owner,
    name: 'notified',
    url: receiver.url,
    filter: undefined,
    validateOnly: false,
  });
  const lives = await whole(crew, person, admin);
  await receiver.untilTold('DELETED');

  const told = receiver.phases();
  const clone = receiver.cloneIds();
  assert.equal(clone.length, 1);
  const { entries } = await person.patient.clones.listCloneHistory(
    ListCloneHistoryRequest.fromPartial({ cloneId: clone[0] ?? '', pageSize: 1_000 }),
  );
  const lived = entries.map(({ clone: each }) => phaseName(each?.phase ?? 0));
  assert.deepEqual(
    told,
    lived.filter((phase, index) => phase !== lived[index - 1]),
  );
  await webhooks.deleteWebhook({ id: webhook?.id ?? '', etag: '' });
  return lives;
};

/** Two clones that want one key. */
export const raced: Story = async (crew, person) => {
  const keyId = await createKey(person.patient, person.owner);
  const wish = { keyId, does: { sign: '3' } };
  const both = await Promise.all(
    [1, 2].map(() => createClone(person.patient, crew, person.owner, wish)),
  );
  const rested = await Promise.all(both.map(({ id }) => untilPhase(person, id, ...AT_REST)));
  for (const { id } of both) await deleteClone(person, id);
  const lives = await Promise.all(rested.map((clone) => lifeOf(person, keyId, clone)));
  await giveUp(person, keyId);
  return lives;
};

/** A clone that signs while every secret gets a new data key. */
export const rotated: Story = async (crew, person, { patient: { seal } }) => {
  return live(crew, person, { does: { sign: '3' } }, async () => {
    await seal.rotateKek({ reason: 'a test', dataKeys: true, validateOnly: false });
    await until('the rotation has ended', async () => {
      const { status } = await seal.getSealStatus({});
      return status?.seal?.rotation?.finishTime !== undefined;
    });
  });
};

/** A life from a key to a deletion, with something that happens while it runs. */
export async function live(
  crew: Crew,
  person: Person,
  wish: Wish,
  meanwhile: (clone: Clone) => Promise<void> = async () => undefined,
): Promise<readonly Life[]> {
  const { patient, owner } = person;
  const keyId = await createKey(patient, owner);
  const created = await createClone(patient, crew, owner, { ...wish, keyId });
  const { id } = created;
  await meanwhile(created);
  const clone = await untilPhase(person, id, ...AT_REST, ClonePhase.DELETED);
  await patient.clones.getCloneExecutionInformation({ cloneId: id, executionId: '' });

  await deleteClone(person, id);
  await requireOneLife(person, id);
  const life = await lifeOf(person, keyId, clone);
  await giveUp(person, keyId);
  return [life];
}

async function lifeOf(
  { patient: { keys } }: Person,
  keyId: string,
  { id, phase, reason }: Clone,
): Promise<Life> {
  const page = { pageSize: 1_000, pageToken: '' };
  const { signatures } = await keys.listSignatures({ keyId, cloneId: id, ...page });
  return { phase: phaseName(phase), reason, signatures: signatures.length };
}

/** Deletes a key, which must be free again. */
async function giveUp({ patient: { keys }, owner }: Person, keyId: string): Promise<void> {
  const all = { owner, keyId, pageSize: 0, pageToken: '' };
  const available = await keys.listAvailableKeys(all);
  assert.deepEqual(
    available.keys.map(({ id }) => id),
    [keyId],
  );
  await keys.deleteKey({ id: keyId, etag: '', deleteAfter: undefined });
}
