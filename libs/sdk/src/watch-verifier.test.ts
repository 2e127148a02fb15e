import assert from 'node:assert/strict';
import { Clone, type WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import { createDice, type Dice, recordWatch } from './test-recording.js';
import { type WatchFault, WatchIntegrityError } from './watch-integrity-error.js';
import { WatchVerifier } from './watch-verifier.js';

type Stream = readonly WatchClonesResponse[];

const SEEDS = 300;

/** What can happen to a stream on its way. Each gives the stream as it comes, or nothing to do. */
const TAMPERS: Readonly<Record<string, (stream: Stream, dice: Dice) => Stream | undefined>> = {
  'an event that is dropped': (stream, dice) => {
    const at = anEvent(stream, dice);
    return stream.toSpliced(at, 1);
  },
  'an event that is repeated at once': (stream, dice) => {
    const at = anEvent(stream, dice);
    return stream.toSpliced(at, 0, ...stream.slice(at, at + 1));
  },
  'an event that is repeated later': (stream, dice) => {
    const at = anEvent(stream, dice);
    const later = at + dice(stream.length - at - 1);
    return stream.toSpliced(later, 0, ...stream.slice(at, at + 1));
  },
  'two events that are swapped': (stream, dice) => {
    const [one, two] = [anEvent(stream, dice), anEvent(stream, dice)];
    if (one === two) return undefined;
    const swapped = [...stream];
    [swapped[one], swapped[two]] = [swapped[two] ?? fail(), swapped[one] ?? fail()];
    return swapped;
  },
  'a seq that is changed': (stream, dice) => {
    const at = anEvent(stream, dice);
    return stream.toSpliced(at, 1, withSeq(stream[at] ?? fail(), dice));
  },
  'a tail that is cut off before a checkpoint': (stream, dice) => {
    const events = eventsOf(stream);
    const from = events[events.length - 1 - dice(events.length)] ?? fail();
    const last = stream.length - 1;
    const isAny = stream.slice(from, last).some(isEvent);
    return isAny ? [...stream.slice(0, from), ...stream.slice(last)] : undefined;
  },
};

describe('the verifier of a watch', () => {
  it('lets pass what comes as it was sent, over all streams of a watch', () => {
    for (let seed = 0; seed < SEEDS; seed += 1)
      verify(recordWatch(createDice(seed)), `seed ${seed}`);
  });

  for (const [name, tamper] of Object.entries(TAMPERS)) {
    it(`finds ${name}`, () => {
      let tampered = 0;
      for (let seed = 0; seed < SEEDS; seed += 1) {
        const dice = createDice(seed);
        const streams = recordWatch(dice);
        const which = dice(streams.length);
        const bad = tamper(streams[which] ?? fail(), dice);
        if (!bad) continue;
        tampered += 1;
        assert.throws(
          () => verify(streams.with(which, bad), ''),
          WatchIntegrityError,
          `seed ${seed}`,
        );
      }
      assert.ok(tampered > SEEDS / 2);
    });
  }

  const streams = recordWatch(createDice(1));
  const [first = fail()] = streams;
  for (const [fault, name, bad] of [
    ['dropped', 'a change of a clone that was told', [changed(1), changed(3)]],
    ['repeated', 'a change', [changed(1), changed(1)]],
    ['reordered', 'changes of a clone', [changed(1), changed(2), changed(1)]],
    ['dropped', 'what a checkpoint knows of', [...first.slice(1, 2), ...first.slice(-1)]],
  ] as readonly (readonly [WatchFault, string, Stream])[]) {
    it(`says what has become of it: ${name} is ${fault}`, () => {
      assert.throws(() => verify([bad], ''), { name: 'WatchIntegrityError', fault });
    });
  }

  it('finds that a stream does not go on where the last one ended', () => {
    const verifier = new WatchVerifier();
    verifier.take(changed(1));
    verifier.resume();
    assert.throws(() => verifier.take(changed(3)), { fault: 'dropped', cloneId: 'cln_1' });

    verifier.restart();
    verifier.take(changed(3));
  });
});

function verify(streams: readonly Stream[], name: string): void {
  const verifier = new WatchVerifier();
  for (const [n, stream] of streams.entries()) {
    if (n > 0) verifier.resume();
    for (const response of stream) verifier.take(response);
  }
  assert.ok(streams.length > 0, name);
}

function isEvent({ event }: WatchClonesResponse): boolean {
  return event?.$case !== 'checkpoint';
}

function eventsOf(stream: Stream): readonly number[] {
  return stream.flatMap((response, at) => (isEvent(response) ? [at] : []));
}

function anEvent(stream: Stream, dice: Dice): number {
  const events = eventsOf(stream);
  return events[dice(events.length)] ?? fail();
}

function withSeq(response: WatchClonesResponse, dice: Dice): WatchClonesResponse {
  const { event, cursor } = response;
  const by = dice(2) === 0 ? 1 : 7;
  switch (event?.$case) {
    case 'left':
      return { cursor, event: { ...event, value: { ...event.value, seq: event.value.seq + by } } };
    case 'snapshot':
      return { cursor, event: { ...event, value: { ...event.value, seq: event.value.seq + by } } };
    case 'change': {
      const clone = event.value.clone ?? fail();
      const value = { ...event.value, clone: { ...clone, seq: clone.seq + by } };
      return { cursor, event: { ...event, value } };
    }
    case 'checkpoint':
    case 'progress':
    case undefined:
      return fail();
  }
}

function changed(seq: number): WatchClonesResponse {
  const clone = Clone.fromPartial({ id: 'cln_1', seq });
  const value = { clone, kind: 'clone.changed', actor: '' };
  return { event: { $case: 'change', value }, cursor: Buffer.of(seq) };
}

function fail(): never {
  return assert.fail('it is not there');
}
