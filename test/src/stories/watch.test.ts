import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  type Checkpoint,
  type CloneChange,
  ClonePhase,
  ListCloneHistoryRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { again } from './support/again.js';
import { AT_REST, createClone, deleteClone, untilPhase } from './support/clones.js';
import { endSoundly } from './support/soundness.js';
import { type Person, startWorld, type World } from './support/world.js';

// Goal: a watcher misses nothing, sees nothing twice, and can prove it.
// Method: the whole mesh. What was streamed is compared with the history, and the hash of a
// checkpoint is worked out again from what came.

describe('a watch of clones', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => endSoundly(world));

  it('tells every change once and in order, and proves it', async () => {
    const crew = await world.createCrew('proof');
    const { owner } = crew;
    const stream = watch(owner, Buffer.alloc(0));
    const first = await stream.next();
    assert.deepEqual(first.value?.event?.value, { count: 0n, hash: Buffer.alloc(32) });

    const telling = tell(stream, 2);
    const clones = await Promise.all([1, 2].map(() => createClone(owner.api, crew, owner.owner)));
    await Promise.all(clones.map(({ id }) => untilPhase(owner, id, ...AT_REST)));
    await Promise.all(clones.map(({ id }) => deleteClone(owner, id)));
    const { changes, proof, hash } = await telling;

    assert.equal(proof.count, BigInt(changes.length));
    assert.deepEqual(proof.hash, hash);
    for (const { id } of clones) assert.deepEqual(seqsOf(changes, id), await historyOf(owner, id));
  });

  it('goes on where it was when its service has died', async () => {
    const crew = await world.createCrew('resuming');
    const { owner } = crew;
    const { cursor } = (await watch(owner, Buffer.alloc(0)).next()).value ?? assert.fail();
    const { id } = await createClone(owner.patient, crew, owner.owner, { does: { stay: '' } });

    const changes = await untilDeleted(owner, cursor, async (phase) => {
      if (phase !== ClonePhase.RUNNING) return;
      await world.mesh.service('lifecycle').kill('SIGKILL');
      await owner.patient.clones.deleteClone({ id, etag: '' });
    });

    assert.deepEqual(seqsOf(changes, id), await historyOf(owner, id));
  });

  it('shows what is there before it tells of changes', async () => {
    const crew = await world.createCrew('snapshot');
    const { owner } = crew;
    const { id } = await createClone(owner.api, crew, owner.owner, { does: { stay: '' } });
    const running = await untilPhase(owner, id, ClonePhase.RUNNING);
    const stream = watch(owner, Buffer.alloc(0));

    const snapshot = await stream.next();
    assert.deepEqual(snapshot.value?.event, { $case: 'snapshot', value: running });
    assert.equal((await stream.next()).value?.event?.$case, 'checkpoint');
    await stream.return();
    await deleteClone(owner, id);
  });

  it('tells what a workload reports', async () => {
    const crew = await world.createCrew('progress');
    const { owner } = crew;
    const keyless = { does: { sign: '1', stay: '' } };
    const stream = watch(owner, Buffer.alloc(0));
    const { id } = await createClone(owner.api, crew, owner.owner, keyless);
    for await (const { event } of stream) {
      if (event?.$case !== 'progress') continue;
      assert.equal(event.value.cloneId, id);
      assert.equal(event.value.progress?.message, 'signed 0');
      break;
    }
    await deleteClone(owner, id);
  });

  it('is not waited for in vain: a clone that is deleted never completes', async () => {
    const crew = await world.createCrew('waiting');
    const { owner } = crew;
    const { id } = await createClone(owner.api, crew, owner.owner, { does: { stay: '' } });
    const phases = [ClonePhase.COMPLETED];
    const waiting = assert.rejects(owner.api.clones.waitClone({ id, phases }), {
      code: 'FAILED_PRECONDITION',
      reason: 'PHASE_NOT_REACHED',
    });
    await deleteClone(owner, id);
    await waiting;
  });
});

function watch({ api: { clones }, owner }: Person, cursor: Buffer) {
  return clones.watchClones(WatchClonesRequest.fromPartial({ owner, cursor }));
}

interface Told {
  readonly changes: readonly CloneChange[];
  readonly proof: Checkpoint;
  /** What the hash of the proof must be. */
  readonly hash: Buffer;
}

/** Takes in what is told until so many clones are deleted and it has been proven. */
async function tell(stream: ReturnType<typeof watch>, deletions: number): Promise<Told> {
  const changes: CloneChange[] = [];
  let hash: Buffer = Buffer.alloc(32);
  let since: CloneChange[] = [];
  for await (const { event } of stream) {
    if (event?.$case === 'change') since.push(event.value);
    if (event?.$case !== 'checkpoint') continue;
    hash = hashOf(hash, since);
    changes.push(...since);
    since = [];
    const deleted = changes.filter(({ clone }) => clone?.phase === ClonePhase.DELETED);
    if (deleted.length === deletions) return { changes, proof: event.value, hash };
  }
  assert.fail('the watch has ended');
}

/** Watches until a clone is deleted, and goes on from the last cursor when it is cut off. */
async function untilDeleted(
  person: Person,
  from: Buffer,
  onPhase: (phase: ClonePhase | undefined) => Promise<void>,
): Promise<readonly CloneChange[]> {
  const changes: CloneChange[] = [];
  let cursor = from;
  const take = async () => {
    for await (const response of watch(person, cursor)) {
      cursor = response.cursor;
      if (response.event?.$case !== 'change') continue;
      changes.push(response.event.value);
      await onPhase(changes.at(-1)?.clone?.phase);
      if (changes.at(-1)?.clone?.phase === ClonePhase.DELETED) return;
    }
  };
  while (changes.at(-1)?.clone?.phase !== ClonePhase.DELETED) await again(take);
  return changes;
}

/** The hash of a checkpoint: sha256(the one before, then of each change 2, id, seq as 4 bytes). */
function hashOf(before: Buffer, changes: readonly CloneChange[]): Buffer {
  if (changes.length === 0) return before;
  const hash = createHash('sha256').update(before);
  for (const { clone } of changes) {
    const seq = Buffer.alloc(4);
    seq.writeUInt32BE(clone?.seq ?? 0);
    hash
      .update(Buffer.of(2))
      .update(clone?.id ?? '')
      .update(seq);
  }
  return hash.digest();
}

function seqsOf(changes: readonly CloneChange[], id: string): readonly number[] {
  return changes.flatMap(({ clone }) => (clone?.id === id ? clone.seq : []));
}

async function historyOf({ api: { clones } }: Person, id: string): Promise<readonly number[]> {
  const all = ListCloneHistoryRequest.fromPartial({ cloneId: id });
  return (await clones.listCloneHistory(all)).entries.map(({ seq }) => seq);
}
