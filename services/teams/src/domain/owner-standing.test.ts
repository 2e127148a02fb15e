import assert from 'node:assert/strict';
import {
  allow,
  type DecideStanding,
  deny,
  grantAccess,
  noStanding,
  type OwnerStanding,
  ownerNotFound,
  withdrawAccess,
} from './owner-standing.js';

const OWNER = { kind: 'user', userId: 'ada' } as const;
const NEVER = noStanding(OWNER);
const FIRST = { actor: 'user:root', now: new Date('2026-01-01T00:00:00Z') };
const LATER = { actor: 'user:other', now: new Date('2026-01-02T00:00:00Z') };

const DENIED = after(NEVER, deny('mines coins'));
const LISTED = after(NEVER, grantAccess(['bot'], 'has a contract'));
const BOTH = after(DENIED, grantAccess(['bot'], 'has a contract'));

/** From where, by what, and what happens then. */
const CASES: readonly (readonly [string, OwnerStanding, string, DecideStanding, string])[] = [
  ['nobody', NEVER, 'denied', deny('mines coins'), 'denied'],
  ['nobody', NEVER, 'allowed', allow('x'), 'nothing'],
  ['nobody', NEVER, 'given access', grantAccess(['bot'], 'x'), 'access_granted'],
  ['nobody', NEVER, 'withdrawn', withdrawAccess('x'), 'nothing'],
  ['a denied owner', DENIED, 'denied again', deny('mines coins'), 'nothing'],
  ['a denied owner', DENIED, 'denied for another reason', deny('spams'), 'denied'],
  ['a denied owner', DENIED, 'allowed', allow('a mistake'), 'allowed'],
  ['a denied owner', DENIED, 'given access', grantAccess(['bot'], 'x'), 'access_granted'],
  ['a denied owner', DENIED, 'withdrawn', withdrawAccess('x'), 'nothing'],
  ['a listed owner', LISTED, 'given the same', grantAccess(['bot'], 'has a contract'), 'nothing'],
  [
    'a listed owner',
    LISTED,
    'given it for another reason',
    grantAccess(['bot'], 'x'),
    'access_granted',
  ],
  [
    'a listed owner',
    LISTED,
    'given another kind',
    grantAccess(['instance'], 'has a contract'),
    'access_granted',
  ],
  ['a listed owner', LISTED, 'withdrawn', withdrawAccess('the end'), 'access_withdrawn'],
  ['a listed owner', LISTED, 'denied', deny('mines coins'), 'denied'],
  ['an owner on both', BOTH, 'allowed', allow('a mistake'), 'allowed'],
  ['an owner on both', BOTH, 'withdrawn', withdrawAccess('the end'), 'access_withdrawn'],
];

describe('where an owner stands', () => {
  for (const [who, standing, what, decide, event] of CASES) {
    it(`changes for ${who} who is ${what}: ${event}`, () => {
      const change = decide({ standing, ...LATER });
      assert.equal(change?.event ?? 'nothing', event);
      if (!change) return;
      const { revision, updatedAt, actor } = change.after;
      assert.deepEqual(
        [revision, updatedAt, actor],
        [standing.revision + 1, LATER.now, LATER.actor],
      );
      assert.equal(change.before, standing);
    });
  }

  it('tells one list from the other', () => {
    assert.deepEqual(after(BOTH, allow('x')).access, BOTH.access);
    assert.deepEqual(after(BOTH, withdrawAccess('x')).denial, BOTH.denial);
    assert.deepEqual(after(LISTED, deny('x')).access, LISTED.access);
  });

  it('keeps since when, and takes the newer reason with who gave it', () => {
    const denied = after(DENIED, deny('spams'), LATER).denial;
    assert.deepEqual(denied, { reason: 'spams', actor: LATER.actor, at: FIRST.now });
    const listed = after(LISTED, grantAccess(['instance'], 'pays'), LATER).access;
    const kinds = ['instance'];
    assert.deepEqual(listed, { kinds, reason: 'pays', actor: LATER.actor, at: FIRST.now });
  });

  it('starts anew when they come back', () => {
    const back = after(after(DENIED, allow('a mistake')), deny('mines coins'), LATER);
    assert.equal(back.denial?.at, LATER.now);
    assert.equal(back.revision, 3);
  });

  it('has each kind once, in one order', () => {
    const one = after(NEVER, grantAccess(['instance', 'bot', 'instance'], 'x'));
    assert.deepEqual(one.access?.kinds, ['bot', 'instance']);
    assert.equal(grantAccess(['instance', 'bot'], 'x')({ standing: one, ...LATER }), undefined);
  });

  it('says why who was taken off', () => {
    const { reason, denial } = after(DENIED, allow('a mistake'));
    assert.deepEqual([reason, denial], ['a mistake', null]);
  });

  it('is nowhere for an owner who is not there', () => {
    assert.equal(ownerNotFound(OWNER).reason, 'USER_NOT_FOUND');
    assert.equal(ownerNotFound({ kind: 'team', teamId: 'tem_1' }).reason, 'TEAM_NOT_FOUND');
  });
});

function after(standing: OwnerStanding, decide: DecideStanding, by = FIRST): OwnerStanding {
  return decide({ standing, ...by })?.after ?? standing;
}
