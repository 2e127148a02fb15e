import assert from 'node:assert/strict';
import {
  filterKey,
  judge,
  mayHaveLeft,
  type Verdict,
  type Watched,
  type WatchedFacts,
  type WatchFilter,
} from './watch-filter.js';

const ALL: WatchFilter = { cloneId: '', teamId: '', kinds: [], phases: [], labels: {} };
const CLONE: WatchedFacts = {
  id: 'cln_1',
  ownerId: 'usr_1',
  teamId: 'tem_1',
  kind: 'BOT',
  phase: 'RUNNING',
  labels: { tier: 'gold', for: 'test' },
};

describe('the filter of a watch', () => {
  const running = { ...ALL, phases: ['RUNNING', 'STOPPING'] } as const;
  const gold = { ...ALL, labels: { tier: 'gold' } };
  const stopped = { ...CLONE, phase: 'STOPPED' } as const;
  const silver = { ...CLONE, labels: { tier: 'silver' } };

  for (const [name, filter, before, after, verdict] of [
    ['tells of all where it is empty', ALL, CLONE, stopped, 'CHANGE'],
    ['tells of a first change', ALL, undefined, CLONE, 'CHANGE'],
    ['tells of its clone', { ...ALL, cloneId: 'cln_1' }, CLONE, stopped, 'CHANGE'],
    ['tells not of another clone', { ...ALL, cloneId: 'cln_2' }, CLONE, stopped, 'NOTHING'],
    ['tells of bots of its team', { ...ALL, teamId: 'tem_1' }, CLONE, stopped, 'CHANGE'],
    ['tells not of another team', { ...ALL, teamId: 'tem_2' }, CLONE, stopped, 'NOTHING'],
    ['tells of its kinds', { ...ALL, kinds: ['BOT'] }, CLONE, stopped, 'CHANGE'],
    ['tells not of other kinds', { ...ALL, kinds: ['WORKFLOW'] }, CLONE, stopped, 'NOTHING'],
    ['goes by the clone after a change', running, stopped, CLONE, 'CHANGE'],
    ['says when a phase takes one out', running, CLONE, stopped, 'LEFT_BY_PHASE'],
    ['says it once', running, stopped, stopped, 'NOTHING'],
    ['tells not of one that was never in it', running, undefined, stopped, 'NOTHING'],
    ['tells of one that gets its labels', gold, silver, CLONE, 'CHANGE'],
    ['says when labels take one out', gold, CLONE, silver, 'LEFT_BY_LABELS'],
    [
      'wants all of the labels',
      { ...ALL, labels: { tier: 'gold', x: '' } },
      CLONE,
      CLONE,
      'NOTHING',
    ],
    [
      'knows no labels by inheritance',
      { ...ALL, labels: { toString: '' } },
      CLONE,
      CLONE,
      'NOTHING',
    ],
    [
      'says the phase where both take one out',
      { ...running, ...{ labels: { tier: 'gold' } } },
      CLONE,
      { ...silver, phase: 'STOPPED' },
      'LEFT_BY_PHASE',
    ],
  ] as const) {
    it(name, () => {
      requireVerdict({ sight: 'all', filter }, before, after, verdict);
    });
  }

  const mine = { sight: ['usr_1'], filter: ALL };
  const foreign = { ...CLONE, ownerId: 'usr_2' };
  for (const [name, watched, before, after, verdict] of [
    ['says when another owner takes one out', mine, CLONE, foreign, 'LEFT_BY_OWNER'],
    ['tells of one that its owner is given', mine, foreign, CLONE, 'CHANGE'],
    ['tells not of what others give each other', mine, foreign, foreign, 'NOTHING'],
    ['tells of all to who sees all', { ...mine, sight: 'all' }, CLONE, foreign, 'CHANGE'],
    [
      'tells of one that goes from one to the other',
      { ...mine, sight: ['usr_1', 'usr_2'] },
      CLONE,
      foreign,
      'CHANGE',
    ],
    [
      'says nothing of the owner of one that was not in it',
      { sight: ['usr_1'], filter: running },
      stopped,
      foreign,
      'NOTHING',
    ],
    [
      'says the owner where the phase takes one out as well',
      { sight: ['usr_1'], filter: running },
      CLONE,
      { ...foreign, phase: 'STOPPED' },
      'LEFT_BY_OWNER',
    ],
  ] as const) {
    it(name, () => requireVerdict(watched, before, after, verdict));
  }

  it('has one name, however it is written', () => {
    const one: WatchFilter = { ...ALL, phases: ['RUNNING', 'STOPPED'], labels: { a: '1', b: '2' } };
    const same: WatchFilter = {
      ...ALL,
      phases: ['STOPPED', 'RUNNING', 'STOPPED'],
      labels: { b: '2', a: '1' },
    };

    assert.equal(filterKey(one), filterKey(same));
    assert.notEqual(filterKey(one), filterKey({ ...one, labels: { a: '1' } }));
    assert.notEqual(filterKey({ ...ALL, cloneId: 'x' }), filterKey({ ...ALL, teamId: 'x' }));
  });
});

/** The verdict is this one, and who would judge otherwise without the clone before asks for it. */
function requireVerdict(
  watched: Watched,
  before: WatchedFacts | undefined,
  after: WatchedFacts,
  verdict: Verdict,
): void {
  assert.equal(judge(watched, after, before), verdict);
  const needsBefore = verdict !== judge(watched, after, undefined);
  assert.ok(!needsBefore || mayHaveLeft(watched, after));
}
