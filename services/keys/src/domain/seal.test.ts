import assert from 'node:assert/strict';
import {
  allHave,
  behind,
  kekChosen,
  noneSealsOtherwise,
  type Replica,
  requireWraps,
  rotated,
  rotating,
  type Seal,
  set,
} from './seal.js';

const AT = new Date('2030-01-01T00:00:00Z');
const WHY = { actor: 'user:usr_1', reason: 'a test' };
const OPEN: Seal = {
  ...{ sealed: false, changedBy: '', reason: '', changedAt: undefined },
  ...{ kekId: 'old', rotation: undefined, seq: 3 },
};
const AIM = { kekId: 'new', dataKeys: false, total: 5n };

describe('a seal', () => {
  it('is set and taken off, each once', () => {
    const sealed = set(OPEN, true, WHY, AT);
    assert.deepEqual(sealed, {
      ...OPEN,
      ...{ sealed: true, changedBy: 'user:usr_1', reason: 'a test', changedAt: AT, seq: 4 },
    });
    assert.equal(set(sealed, true, WHY, AT), sealed);
    assert.equal(set(OPEN, false, WHY, AT), OPEN);
    assert.equal(set(sealed, false, WHY, AT).sealed, false);
  });

  it('has one rotation at a time for an aim, and a new one once that has ended', () => {
    const running = rotating(OPEN, AIM, WHY, AT);
    assert.equal(rotating(running, AIM, WHY, AT), running);
    assert.equal(rotating(running, { ...AIM, dataKeys: true }, WHY, AT).seq, 5);
    assert.equal(rotating(running, { ...AIM, kekId: 'other' }, WHY, AT).rotation?.kekId, 'other');
    const ended = rotated(kekChosen(running), AT);
    assert.deepEqual([ended.kekId, ended.rotation?.finishedAt, ended.seq], ['new', AT, 6]);
    assert.equal(rotated(ended, AT), ended);
    assert.equal(rotating(ended, AIM, WHY, AT).rotation?.finishedAt, undefined);
  });

  it('takes the KEK of its rotation, once', () => {
    const chosen = kekChosen(rotating(OPEN, AIM, WHY, AT));
    assert.equal(kekChosen(chosen), chosen);
    assert.equal(kekChosen(OPEN), OPEN);
  });
});

describe('the replicas of a seal', () => {
  it('all have a KEK when those have it that open secrets', () => {
    const cases: readonly (readonly [readonly Partial<Replica>[], boolean])[] = [
      [[], true],
      [[{ kekIds: ['new', 'old'] }], true],
      [[{ kekIds: ['new', 'old'] }, { kekIds: ['old'] }], false],
      [[{ kekIds: ['new'] }, { kekIds: [], state: 'kek_missing' }], true],
    ];
    for (const [replicas, expected] of cases) {
      assert.equal(allHave(replicas.map(replica), 'new'), expected);
    }
  });

  it('seal under one KEK when none is left that seals under another', () => {
    const under = (...ids: readonly string[]) => ids.map((kekId) => replica({ kekId }));
    assert.equal(noneSealsOtherwise(under('new', ''), 'new'), true);
    assert.equal(noneSealsOtherwise(under('new', 'old'), 'new'), false);
  });

  it('are behind until they have acted upon its newest change', () => {
    const late = replica({ sealSeq: 2 });
    assert.deepEqual(behind([replica({ sealSeq: 3 }), late], OPEN), [late]);
  });
});

describe('a KEK', () => {
  it('wraps no more data keys than are safe', () => {
    requireWraps('old', 2n ** 32n);
    assert.throws(() => requireWraps('old', 2n ** 32n + 1n), { reason: 'KEK_EXHAUSTED' });
  });
});

function replica(more: Partial<Replica>): Replica {
  return { id: 'rep', state: 'open', kekIds: [], kekId: '', sealSeq: 0, seenAt: AT, ...more };
}
