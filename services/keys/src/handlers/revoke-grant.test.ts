import assert from 'node:assert/strict';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Role } from '../domain/access.js';
import type { Grant } from '../domain/grant.js';
import type { Owner } from '../domain/owner.js';
import { revokeGrant } from './revoke-grant.js';

const CALLER: Caller = { kind: 'user', id: 'usr_1', admin: false, tokenId: 'tok_1' };
const NOT_FOUND = { reason: 'GRANT_NOT_FOUND', message: 'no such grant: gra_1' };

/** Of a grant for each owner's key: the refusal is one, and so is all that was done for it. */
const REFUSED: readonly (readonly [string, Owner | undefined])[] = [
  ['of another user', { kind: 'user', id: 'usr_2' }],
  ['of a team that the caller is not in', { kind: 'team', id: 'tem_other' }],
  ['of a team that the caller is a member of', { kind: 'team', id: 'tem_member' }],
  ['that is missing', undefined],
];

describe('the grant that is to be revoked', () => {
  for (const [name, owner] of REFUSED) {
    it(`${name} is refused as missing, after the same calls`, async () => {
      const calls: string[] = [];
      const revoke = revokeGrant(recording(owner, calls));
      const request = { grantId: 'gra_1', executionId: '', reason: '' };
      await assert.rejects(revoke(request, { caller: CALLER } as never), NOT_FOUND);
      assert.deepEqual(calls, ['select', 'rolesOf']);
    });
  }

  it('is revoked for who manages the team of its key', async () => {
    const calls: string[] = [];
    const revoke = revokeGrant(recording({ kind: 'team', id: 'tem_managed' }, calls));
    await revoke({ grantId: 'gra_1', executionId: '', reason: '' }, { caller: CALLER } as never);
    assert.deepEqual(calls, ['select', 'rolesOf', 'revoke', 'drop', 'drain']);
  });
});

/** What the handler needs, noting in which order it is used. */
function recording(owner: Owner | undefined, calls: string[]): Deps {
  const grant = { id: 'gra_1', keyId: 'key_1', operations: [], rules: {} } as unknown as Grant;
  const note = (name: string) => void calls.push(name);
  const needs = {
    grants: {
      select: async () => {
        note('select');
        return owner ? [{ grant, owner }] : [];
      },
      revoke: async () => {
        note('revoke');
        return grant;
      },
    },
    teams: {
      rolesOf: async () => {
        note('rolesOf');
        return new Map<string, Role>([
          ['tem_managed', 'admin'],
          ['tem_member', 'member'],
        ]);
      },
    },
    signingKeys: { drop: () => note('drop') },
    drain: async () => note('drain'),
    failpoints: { hit: () => undefined },
  };
  return needs as unknown as Deps;
}
