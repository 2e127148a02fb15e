import assert from 'node:assert/strict';
import { type Stopped, stopOf } from './stopped.js';

const NOON = new Date('2026-11-29T12:00:00Z');
const REVOKED: Stopped = {
  ...{ keyId: 'key_1', grantId: 'gra_1', verdict: 'revoked', revokeReason: 'it loses' },
  ...{ at: NOON, by: 'user:usr_1' },
};

const CASES: readonly (readonly [Partial<Stopped>, string])[] = [
  [
    {},
    'GRANT_REVOKED: the right to sign with the key was revoked (gra_1, since 2026-11-29T12:00:00.000Z, by user:usr_1): it loses',
  ],
  [
    { revokeReason: '', by: null },
    'GRANT_REVOKED: the right to sign with the key was revoked (gra_1, since 2026-11-29T12:00:00.000Z)',
  ],
  [
    { verdict: 'disabled', revokeReason: '' },
    'KEY_DISABLED: the key is disabled (key_1, since 2026-11-29T12:00:00.000Z, by user:usr_1)',
  ],
  [
    { verdict: 'not_yet_valid', revokeReason: '', by: null },
    'KEY_NOT_YET_VALID: the key is not valid yet (key_1, until 2026-11-29T12:00:00.000Z)',
  ],
  [
    { verdict: 'no_longer_valid', revokeReason: '', by: null },
    'KEY_EXPIRED: the key is not valid any more (key_1, since 2026-11-29T12:00:00.000Z)',
  ],
  [
    { verdict: 'expired', revokeReason: '', by: null },
    'GRANT_EXPIRED: the right to sign with the key has expired (gra_1, since 2026-11-29T12:00:00.000Z)',
  ],
  [
    { verdict: 'used_up', revokeReason: '', at: null, by: null },
    'GRANT_USED_UP: the uses of the grant are spent (gra_1)',
  ],
];

describe('what is told of a grant that may not be signed with', () => {
  for (const [given, told] of CASES) {
    it(`says ${told}`, () => {
      const { reason, message } = stopOf({ ...REVOKED, ...given });
      assert.equal(`${reason}: ${message}`, told);
    });
  }
});
