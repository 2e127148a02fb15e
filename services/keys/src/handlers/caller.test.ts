import assert from 'node:assert/strict';
import type { Caller } from '@ramet/rpc';
import type { Role } from '../domain/access.js';
import type { Key } from '../domain/key.js';
import type { Owner } from '../domain/owner.js';
import { requireKey } from './caller.js';

const CALLER: Caller = { kind: 'user', id: 'usr_1', admin: false, tokenId: 'tok_1' };
const NOT_FOUND = { reason: 'KEY_NOT_FOUND', message: 'no such key: key_1' };

/** Of each owner's key: whether the caller gets it, given their roles. */
const CASES: readonly (readonly [string, Owner | undefined, boolean])[] = [
  ['of the caller', { kind: 'user', id: 'usr_1' }, true],
  ['of a team that the caller manages', { kind: 'team', id: 'tem_managed' }, true],
  ['of a team that the caller is a member of', { kind: 'team', id: 'tem_member' }, false],
  ['of a team that the caller is not in', { kind: 'team', id: 'tem_other' }, false],
  ['of another user', { kind: 'user', id: 'usr_2' }, false],
  ['that is missing', undefined, false],
];

describe('a key', () => {
  for (const [name, owner, isGiven] of CASES) {
    it(`${name} is ${isGiven ? 'given' : 'refused as missing, and only after teams was asked'}`, async () => {
      let asked = 0;
      const teams = {
        roleIn: async () => undefined,
        isActive: async () => true,
        readNews: async () => [],
        rolesOf: async () => {
          asked += 1;
          return new Map<string, Role>([
            ['tem_managed', 'admin'],
            ['tem_member', 'member'],
          ]);
        },
      };
      const key = owner && ({ id: 'key_1', owner } as Key);
      const required = requireKey(CALLER, key, 'key_1', teams);
      if (isGiven) assert.equal(await required, key);
      else {
        await assert.rejects(required, NOT_FOUND);
        assert.equal(asked, 1);
      }
    });
  }
});
