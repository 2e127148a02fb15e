import assert from 'node:assert/strict';
import {
  holds,
  may,
  RIGHTS,
  type Role,
  requireRight,
  type Standing,
  standingOf,
  type TeamAction,
} from './role.js';

const STANDINGS: readonly Standing[] = ['owner', 'admin', 'member', 'overseer', 'stranger'];
const ACTIONS = Object.keys(RIGHTS) as TeamAction[];

/** Who may do what, as the contract says it: o(wner), a(dmin), m(ember), (o)v(erseer). */
const EXPECTED: Readonly<Record<TeamAction, string>> = {
  'teams.get': 'oamv',
  'team_members.list': 'oamv',
  'bots.get': 'oamv',
  'team_members.leave': 'oam',
  'bots.set_personal_source': 'oam',
  'clones.run_personal': 'oam',
  'bots.create': 'oa',
  'bots.set_team_source': 'oa',
  'bots.delete': 'oa',
  'clones.run_team': 'oa',
  'invitations.create': 'oa',
  'invitations.revoke': 'oa',
  'invitations.list': 'oav',
  'service_accounts.manage': 'oa',
  'teams.transfer': 'o',
  'teams.delete': 'o',
  'team_members.set': 'o',
  'team_members.remove': 'o',
};
const LETTER = { owner: 'o', admin: 'a', member: 'm', overseer: 'v', stranger: 's' } as const;

describe('the rights of roles', () => {
  for (const action of ACTIONS) {
    it(`let ${EXPECTED[action]} do ${action} and nobody else`, () => {
      const allowed = STANDINGS.filter((standing) => may(standing, action));
      assert.equal(allowed.map((standing) => LETTER[standing]).join(''), EXPECTED[action]);
    });
  }

  it('give each role all that the next one has', () => {
    for (const action of ACTIONS) {
      if (may('member', action)) assert.ok(may('admin', action), action);
      if (may('admin', action)) assert.ok(may('owner', action), action);
    }
  });

  it('hold their own role and those below it', () => {
    const roles: readonly Role[] = ['owner', 'admin', 'member'];
    const held = STANDINGS.map((standing) => roles.filter((role) => holds(standing, role)));
    assert.deepEqual(held, [['owner', 'admin', 'member'], ['admin', 'member'], ['member'], [], []]);
  });

  it('refuse with the name of the action', () => {
    assert.throws(() => requireRight('member', 'bots.create'), {
      code: 'permission_denied',
      reason: 'PERMISSION_DENIED',
      metadata: { action: 'bots.create' },
    });
  });
});

describe('standingOf', () => {
  it('takes the role before the right to see everything', () => {
    assert.equal(standingOf('member', true), 'member');
  });

  it('knows overseers from strangers', () => {
    assert.equal(standingOf(null, true), 'overseer');
    assert.equal(standingOf(undefined, false), 'stranger');
  });
});
