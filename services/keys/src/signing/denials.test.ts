// Goal: no refusal is lost, however many come, and none costs more than its share.
// Method: a clock that the test moves.
import assert from 'node:assert/strict';
import type { Clock } from '@ramet/service';
import { systemClock } from '@ramet/service';
import { type CountedRefusal, Denials, type Refusal } from './denials.js';

describe('refusals', () => {
  it('are recorded at once, and those that come meanwhile together', async () => {
    const { clock, pass } = heldClock();
    const written: (readonly CountedRefusal[])[] = [];
    const denials = new Denials({
      record: async (refusals) => void written.push(refusals),
      count: () => undefined,
      clock,
    });

    await denials.note(refusal());
    const later = [
      denials.note(refusal()),
      denials.note(refusal()),
      denials.note(refusal('key_2')),
    ];
    await Promise.resolve();
    assert.deepEqual(counts(written), [[1]]);
    pass();
    await Promise.all(later);

    assert.deepEqual(counts(written), [[1], [2, 1]]);
  });

  it('are all kept apart, however many kinds there are', async () => {
    const written: (readonly CountedRefusal[])[] = [];
    const record = async (refusals: readonly CountedRefusal[]) => void written.push(refusals);
    const denials = new Denials({ record, count: () => undefined, clock: systemClock });

    await Promise.all(Array.from({ length: 500 }, (_, nth) => denials.note(refusal(`key_${nth}`))));

    assert.equal(written.flat().length, 500);
  });

  it('are of one kind without a grant, as keys may be invented, and name the key if it is one', async () => {
    const written: (readonly CountedRefusal[])[] = [];
    const record = async (refusals: readonly CountedRefusal[]) => void written.push(refusals);
    const denials = new Denials({ record, count: () => undefined, clock: systemClock });
    const note = (executionId: string, keyId: string) =>
      denials.note({ ...refusal(keyId), executionId, isGranted: false });

    const invented = Array.from({ length: 500 }, (_, nth) => note('exe_1', `key_${nth}`));
    await Promise.all([...invented, note('exe_2', 'key_7'), note('exe_2', 'key_7')]);

    assert.deepEqual(
      written.flat().map(({ executionId, keyId, count }) => [executionId, keyId, count]),
      [
        ['exe_1', '', 500],
        ['exe_2', 'key_7', 2],
      ],
    );
  });

  it('wait for the database in one piece at a time, and no more of them than may', async () => {
    const pieces: CountedRefusal[][] = [];
    let answer = (): void => undefined;
    const record = (refusals: readonly CountedRefusal[]) => {
      pieces.push([...refusals]);
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    };
    const clock = { ...systemClock, sleep: async () => undefined };
    const denials = new Denials({ record, count: () => undefined, clock, maxKinds: 2 });
    const turn = () => new Promise((resolve) => setImmediate(resolve));

    const first = denials.note(refusal());
    await turn();
    const waiting = ['key_1', 'key_2', 'key_1'].map((keyId) => denials.note(refusal(keyId)));
    await assert.rejects(denials.note(refusal('key_3')), { reason: 'DATABASE_UNAVAILABLE' });
    await turn();
    assert.deepEqual(counts(pieces), [[1]]);

    answer();
    await first;
    await turn();
    answer();
    await Promise.all(waiting);
    assert.deepEqual(counts(pieces), [[1], [2, 1]]);
  });

  it('fail for everybody whose refusal was not recorded, and for nobody else', async () => {
    const { clock, pass } = heldClock();
    let isAway = true;
    const record = async (): Promise<void> => {
      if (isAway) throw new Error('the database is away');
    };
    const denials = new Denials({ record, count: () => undefined, clock });

    await assert.rejects(denials.note(refusal()), /away/);
    isAway = false;
    pass();
    await denials.note(refusal());
  });
});

function refusal(keyId = 'key_1'): Refusal {
  return {
    ...{ keyId, cloneId: 'cln', executionId: 'exe', isGranted: true },
    ...{ reason: 'GRANT_REVOKED', traceId: '' },
  };
}

function counts(written: readonly (readonly CountedRefusal[])[]): readonly (readonly number[])[] {
  return written.map((refusals) => refusals.map(({ count }) => count));
}

/** A clock on which a sleep ends when the test says so. */
function heldClock(): { readonly clock: Clock; readonly pass: () => void } {
  const ends: (() => void)[] = [];
  const sleep = () => new Promise<void>((end) => void ends.push(end));
  return {
    clock: { ...systemClock, sleep },
    pass: () => {
      for (const end of ends.splice(0)) end();
    },
  };
}
