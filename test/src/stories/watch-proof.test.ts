import assert from 'node:assert/strict';
import {
  ClonePhase,
  ListCloneHistoryRequest,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { WatchIntegrityError, WatchVerifier, watchClones } from '@ramet/sdk';
import { AT_REST, createClone, deleteClone, untilPhase } from './support/clones.js';
import { endSoundly } from './support/soundness.js';
import { type Person, startWorld, type World } from './support/world.js';

// Goal: whoever watches with the SDK misses nothing, and finds out if anything was tampered with.
// Method: the whole mesh. A stream is recorded as it came, and then fed to a verifier with one thing
// wrong at a time, at every place where it can be.

type Stream = readonly WatchClonesResponse[];

describe('a watch by the SDK', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => endSoundly(world));

  it('finds whatever was done to a stream, and nothing where nothing was', async () => {
    const crew = await world.createCrew('tampering');
    const { owner } = crew;
    const first = await createClone(owner.api, crew, owner.owner);
    const recording = record(owner, 2);
    const second = await createClone(owner.api, crew, owner.owner);
    for (const { id } of [first, second]) {
      await untilPhase(owner, id, ...AT_REST);
      await deleteClone(owner, id);
    }
    const stream = await recording;

    verify(stream);
    let tampered = 0;
    for (const bad of tamperings(stream)) {
      assert.throws(() => verify(bad), WatchIntegrityError);
      tampered += 1;
    }
    assert.ok(tampered > 40, `${tampered} streams were tampered with`);
  });

  it('goes on over the death of its service, and is proven all the way', async () => {
    const crew = await world.createCrew('persisting');
    const { owner } = crew;
    let id = '';
    const seqs = await watchToTheEnd(owner, async (phase) => {
      if (phase === undefined) {
        ({ id } = await createClone(owner.patient, crew, owner.owner, { does: { stay: '' } }));
      }
      if (phase !== ClonePhase.RUNNING) return;
      await world.mesh.service('lifecycle').kill('SIGKILL');
      await owner.patient.clones.deleteClone({ id, etag: '' });
    });

    const all = ListCloneHistoryRequest.fromPartial({ cloneId: id });
    const { entries } = await owner.patient.clones.listCloneHistory(all);
    assert.deepEqual(
      seqs,
      entries.map(({ seq }) => seq),
    );
  });
});

/** Watches from the first proof to the proof of a deletion. Says once when a phase is reached. */
async function watchToTheEnd(
  { api, owner }: Person,
  onPhase: (phase: ClonePhase | undefined) => Promise<void>,
): Promise<readonly number[]> {
  const seqs: number[] = [];
  const phases = new Set<ClonePhase | undefined>();
  for await (const event of watchClones(api.clones, { owner }, { isPatient: true })) {
    const clone = event.$case === 'change' ? event.value.clone : undefined;
    if (clone) seqs.push(clone.seq);
    if (event.$case === 'checkpoint' && phases.has(ClonePhase.DELETED)) break;
    const isNews = clone !== undefined || event.$case === 'checkpoint';
    if (!isNews || phases.has(clone?.phase)) continue;
    phases.add(clone?.phase);
    await onPhase(clone?.phase);
  }
  return seqs;
}

/** Records a watch until so many clones are deleted and that has been proven. */
async function record({ api, owner }: Person, deletions: number): Promise<Stream> {
  const stream: WatchClonesResponse[] = [];
  let deleted = 0;
  for await (const response of api.clones.watchClones(WatchClonesRequest.fromPartial({ owner }))) {
    const { event } = response;
    if (event?.$case === 'progress') continue;
    stream.push(response);
    const clone = event?.$case === 'change' ? event.value.clone : undefined;
    if (clone?.phase === ClonePhase.DELETED) deleted += 1;
    if (event?.$case === 'checkpoint' && deleted === deletions) return stream;
  }
  return assert.fail('the watch has ended');
}

function verify(stream: Stream): void {
  const verifier = new WatchVerifier();
  for (const response of stream) verifier.take(response);
}

/** A stream with one thing wrong: at each event, whatever can be done to it. */
function* tamperings(stream: Stream): Generator<Stream> {
  const events = stream.flatMap(({ event }, at) => (event?.$case === 'checkpoint' ? [] : [at]));
  const last = stream.length - 1;
  for (const at of events) {
    const response = stream.slice(at, at + 1);
    yield stream.toSpliced(at, 1);
    yield stream.toSpliced(at, 0, ...response);
    yield stream.toSpliced(last, 0, ...response);
    yield stream.toSpliced(at, 1, ...response.map(withNextSeq));
    yield [...stream.slice(0, at), ...stream.slice(last)];
    const next = events[events.indexOf(at) + 1];
    if (next !== undefined) {
      yield [
        ...stream.slice(0, at),
        ...stream.slice(next, next + 1),
        ...stream.slice(at + 1, next),
        ...response,
        ...stream.slice(next + 1),
      ];
    }
  }
}

function withNextSeq({ event, cursor }: WatchClonesResponse): WatchClonesResponse {
  const value = event?.$case === 'snapshot' ? event.value : undefined;
  if (value)
    return { cursor, event: { $case: 'snapshot', value: { ...value, seq: value.seq + 1 } } };
  if (event?.$case !== 'change' || !event.value.clone) return assert.fail('it is no clone');
  const clone = { ...event.value.clone, seq: event.value.clone.seq + 1 };
  return { cursor, event: { $case: 'change', value: { ...event.value, clone } } };
}
