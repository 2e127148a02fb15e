import assert from 'node:assert/strict';
import type { Role } from './access.js';
import { mayHaveRun } from './creator.js';

const ROLES: readonly (Role | undefined)[] = ['owner', 'admin', 'member', undefined];

describe('the right to have a clone run', () => {
  it('is that of OWNERs and ADMINs for clones of the team', () => {
    const creator = { creatorId: 'usr_1', teamId: 'tem_1', forTeam: true };
    assert.deepEqual(
      ROLES.map((role) => mayHaveRun(creator, role)),
      [true, true, false, false],
    );
  });

  it('is that of all members for clones of their own', () => {
    const creator = { creatorId: 'usr_1', teamId: 'tem_1', forTeam: false };
    assert.deepEqual(
      ROLES.map((role) => mayHaveRun(creator, role)),
      [true, true, true, false],
    );
  });

  it('needs no team where there is no bot', () => {
    const creator = { creatorId: 'usr_1', teamId: '', forTeam: false };
    assert.deepEqual(
      ROLES.map((role) => mayHaveRun(creator, role)),
      [true, true, true, true],
    );
  });
});
