import assert from 'node:assert/strict';
import { etagOf } from './etag.js';
import type { Role, Standing } from './role.js';
import {
  type Candidate,
  type DecideTeam,
  deleteTeam,
  MAX_MEMBERS,
  MAX_TEAMS,
  type Member,
  newTeam,
  removeMember,
  setMember,
  type TeamView,
  transfer,
} from './team.js';

const AT = new Date('2026-01-02T03:04:05Z');
const LATER = new Date('2026-01-02T03:04:06Z');
const ROLES: readonly Role[] = ['owner', 'admin', 'member'];

describe('a new team', () => {
  it('has its creator as the only owner', () => {
    const { team, members } = newTeam({ id: 'tem_1', name: 'quants' }, user('ada'), AT);
    assert.equal(team.revision, 1);
    assert.deepEqual(
      members.map(({ userId, role }) => [userId, role]),
      [['ada', 'owner']],
    );
  });

  it('is refused to a user who is in too many', () => {
    const busy = { ...user('ada'), teamCount: MAX_TEAMS };
    assert.throws(() => newTeam({ id: 'tem_1', name: 'quants' }, busy, AT), {
      reason: 'QUOTA_EXCEEDED',
    });
  });
});

describe('setMember', () => {
  for (const role of ROLES) {
    it(`adds a user as ${role}`, () => {
      const view = teamOf({ ada: 'owner' });
      assert.deepEqual(after(view, setMember('bob', role), user('bob')), {
        ada: 'owner',
        bob: role,
      });
    });
  }

  it('keeps the time of joining when the role changes', () => {
    const view = teamOf({ ada: 'owner', bob: 'member' });
    const change = setMember('bob', 'admin')({ ...view, candidate: user('bob'), now: LATER });
    assert.equal(change?.state.members[1]?.createdAt, AT);
  });

  it('changes nothing for the role that the user has', () => {
    const view = teamOf({ ada: 'owner', bob: 'member' });
    assert.equal(setMember('bob', 'member')({ ...view, candidate: user('bob') }), undefined);
  });

  it('refuses a user who does not exist', () => {
    const view = teamOf({ ada: 'owner' });
    assert.throws(() => setMember('nobody', 'member')(view), { reason: 'USER_NOT_FOUND' });
  });

  it('tells nobody but owners whether a user exists', () => {
    const view = teamOf({ ada: 'owner' }, 'admin');
    assert.throws(() => setMember('nobody', 'member')(view), { reason: 'PERMISSION_DENIED' });
  });

  it('refuses to have no owner', () => {
    const view = { ...teamOf({ ada: 'owner', bob: 'admin' }), candidate: user('ada') };
    for (const role of ['admin', 'member'] as const) {
      assert.throws(() => setMember('ada', role)(view), { reason: 'LAST_OWNER' });
    }
  });

  it('refuses more members than can be told at once', () => {
    const ids = Array.from({ length: MAX_MEMBERS - 1 }, (_, n) => [`u${n}`, 'member'] as const);
    const view = teamOf({ ...Object.fromEntries(ids), zed: 'owner' });
    assert.throws(() => setMember('new', 'member')({ ...view, candidate: user('new') }), {
      reason: 'QUOTA_EXCEEDED',
    });
  });
});

describe('removeMember', () => {
  it('lets an owner take out others, and everybody themselves', () => {
    const roles = { ada: 'owner', bob: 'member' } as const;
    assert.deepEqual(after(teamOf(roles), removeMember('bob', 'ada')), { ada: 'owner' });
    assert.deepEqual(after(teamOf(roles, 'member'), removeMember('bob', 'bob')), { ada: 'owner' });
  });

  it('refuses others to take out somebody else', () => {
    for (const standing of ['admin', 'member', 'overseer'] as const) {
      const view = teamOf({ ada: 'owner', bob: 'member' }, standing);
      assert.throws(() => removeMember('bob', 'cy')(view), { reason: 'PERMISSION_DENIED' });
    }
  });

  it('refuses to leave a team without an owner', () => {
    const view = teamOf({ ada: 'owner', bob: 'admin' });
    assert.throws(() => removeMember('ada', 'ada')(view), { reason: 'LAST_OWNER' });
  });

  it('lets one of two owners go', () => {
    const view = teamOf({ ada: 'owner', bob: 'owner' });
    assert.deepEqual(after(view, removeMember('ada', 'ada')), { bob: 'owner' });
  });

  it('changes nothing for who is not in the team', () => {
    assert.equal(removeMember('nobody', 'ada')(teamOf({ ada: 'owner' })), undefined);
  });
});

describe('the owners of a team', () => {
  const NEXT: readonly (readonly [string, (view: TeamView) => unknown])[] = [
    ['leave', removeMember('ada', 'ada')],
    ['become an admin', (view) => setMember('ada', 'admin')({ ...view, candidate: user('ada') })],
    ['give it away to one', (view) => transfer('bob', 'ada')({ ...view, candidate: user('bob') })],
  ];
  for (const [what, decide] of NEXT) {
    it(`do not ${what} while all others are disabled`, () => {
      const view = disabled(teamOf({ ada: 'owner', bob: 'owner' }), 'bob');
      assert.throws(() => decide(view), { reason: 'LAST_OWNER' });
    });
  }

  it('are made by administrators of the mesh where all are disabled, and only there', () => {
    const owned = teamOf({ ada: 'owner', bob: 'member' }, 'overseer');
    const orphaned = disabled(owned, 'ada');
    const asMember: TeamView = { ...orphaned, standing: 'member' };
    for (const view of [orphaned, asMember]) {
      const roles = after(view, setMember('bob', 'owner'), user('bob'));
      assert.deepEqual(roles, { ada: 'owner', bob: 'owner' });
    }
    const refused = { reason: 'PERMISSION_DENIED' };
    for (const view of [owned, { ...asMember, isOverseen: false }]) {
      assert.throws(() => setMember('bob', 'owner')({ ...view, candidate: user('bob') }), refused);
    }
    for (const role of ['admin', 'member'] as const) {
      assert.throws(() => setMember('cy', role)({ ...orphaned, candidate: user('cy') }), refused);
    }
  });

  it('that are disabled hold up nobody else who leaves', () => {
    const orphaned = disabled(teamOf({ ada: 'owner', bob: 'member' }, 'member'), 'ada');
    assert.deepEqual(after(orphaned, removeMember('bob', 'bob')), { ada: 'owner' });
  });
});

describe('deleteTeam', () => {
  it('keeps the members, so that they see that it is deleted', () => {
    const change = deleteTeam('')(teamOf({ ada: 'owner' }));
    assert.equal(change?.state.team.deletedAt, AT);
    assert.equal(change?.state.members.length, 1);
  });

  it('changes nothing the second time, whatever the etag', () => {
    const view = teamOf({ ada: 'owner' });
    const deleted = { ...view, team: { ...view.team, deletedAt: AT } };
    assert.equal(deleteTeam('old')(deleted), undefined);
  });

  it('refuses while there are bots', () => {
    const view = { ...teamOf({ ada: 'owner' }), botCount: 1 };
    assert.throws(() => deleteTeam('')(view), { reason: 'TEAM_NOT_EMPTY' });
  });

  it('goes by the etag', () => {
    const view = teamOf({ ada: 'owner' });
    assert.ok(deleteTeam(etagOf(view.team))(view));
    assert.throws(() => deleteTeam('other')(view), { code: 'aborted', reason: 'ETAG_STALE' });
  });
});

describe('every change of a team', () => {
  it('leaves at least one owner, for all teams of three', () => {
    const names = ['a', 'b', 'c'];
    const teams = ROLES.flatMap((b) => ROLES.map((c) => ({ a: 'owner', b, c }) as const));
    for (const roles of teams) {
      const view = teamOf(roles);
      const changes = names.flatMap((name) => [
        () => removeMember(name, 'a')(view),
        ...ROLES.map((role) => () => setMember(name, role)({ ...view, candidate: user(name) })),
      ]);
      for (const change of changes) assert.ok(ownersAfter(change, view) > 0);
    }
  });
});

function ownersAfter(change: () => ReturnType<DecideTeam>, view: TeamView): number {
  const owners = (members: readonly Member[]): number =>
    members.filter(({ role }) => role === 'owner').length;
  try {
    return owners(change()?.state.members ?? view.members);
  } catch {
    return owners(view.members);
  }
}

function after(
  view: TeamView,
  decide: DecideTeam,
  candidate?: Candidate,
): Readonly<Record<string, Role>> {
  const change = decide({ ...view, candidate });
  assert.ok(change);
  return Object.fromEntries(change.state.members.map(({ userId, role }) => [userId, role]));
}

function teamOf(roles: Readonly<Record<string, Role>>, standing: Standing = 'owner'): TeamView {
  const { team } = newTeam({ id: 'tem_1', name: 'quants' }, user('ada'), AT);
  const members = Object.entries(roles).map(([userId, role]): Member => {
    return { teamId: team.id, userId, userName: userId, role, createdAt: AT, isDisabled: false };
  });
  const isOverseen = standing === 'overseer';
  return { team, members, standing, isOverseen, botCount: 0, candidate: undefined, now: AT };
}

function disabled(view: TeamView, userId: string): TeamView {
  const members = view.members.map((member) =>
    member.userId === userId ? { ...member, isDisabled: true } : member,
  );
  return { ...view, members };
}

function user(id: string): Candidate {
  return { id, name: id, teamCount: 0, homeTeamId: null, isDisabled: false };
}
