import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { type Asker, mayUse, type Role, requireOwner, usableOwners } from './access.js';
import type { Owner } from './owner.js';

const ROLES: readonly (Role | undefined)[] = ['owner', 'admin', 'member', undefined];
const TEAM: Owner = { kind: 'team', id: 'tem_1' };

describe('mayUse', () => {
  for (const role of ROLES) {
    const expected = role === 'owner' || role === 'admin';
    it(`says ${expected ? 'yes' : 'no'} to ${role ?? 'nobody'} of the team`, () => {
      assert.equal(mayUse(askerWith(role), TEAM), expected);
    });
  }

  it('says yes to a user for what is theirs, and to nobody else', () => {
    assert.ok(mayUse(askerWith(undefined), { kind: 'user', id: 'usr_1' }));
    assert.ok(!mayUse(askerWith('owner'), { kind: 'user', id: 'usr_2' }));
  });
});

describe('requireOwner', () => {
  const cases: readonly (readonly [Owner, Role | undefined, string])[] = [
    [TEAM, 'owner', 'OK'],
    [TEAM, 'admin', 'OK'],
    [TEAM, 'member', 'PERMISSION_DENIED'],
    [TEAM, undefined, 'TEAM_NOT_FOUND'],
    [{ kind: 'user', id: 'usr_1' }, undefined, 'OK'],
    [{ kind: 'user', id: 'usr_2' }, 'owner', 'USER_NOT_FOUND'],
  ];
  for (const [owner, role, expected] of cases) {
    it(`answers ${expected} to ${role ?? 'no'} role for ${owner.id}`, () => {
      assert.equal(
        reasonOf(() => requireOwner(askerWith(role), owner, 'keys.create')),
        expected,
      );
    });
  }
});

describe('usableOwners', () => {
  const asker: Asker = {
    userId: 'usr_1',
    roles: new Map([
      ['tem_1', 'owner'],
      ['tem_2', 'member'],
      ['tem_3', 'admin'],
    ]),
  };

  it('has the user and the teams that they manage', () => {
    assert.deepEqual(idsOf(usableOwners(asker)), ['usr_1', 'tem_1', 'tem_3']);
  });

  it('has the user alone for a personal clone', () => {
    assert.deepEqual(idsOf(usableOwners(asker, { kind: 'user', id: 'usr_1' })), ['usr_1']);
  });

  it('has the user and the team for a team clone', () => {
    assert.deepEqual(idsOf(usableOwners(asker, TEAM)), ['usr_1', 'tem_1']);
  });
});

function askerWith(role: Role | undefined): Asker {
  return { userId: 'usr_1', roles: new Map(role ? [['tem_1', role]] : []) };
}

function idsOf(owners: readonly Owner[]): readonly string[] {
  return owners.map(({ id }) => id);
}

function reasonOf(act: () => void): string {
  try {
    act();
    return 'OK';
  } catch (thrown) {
    return thrown instanceof PublicError ? thrown.reason : String(thrown);
  }
}
