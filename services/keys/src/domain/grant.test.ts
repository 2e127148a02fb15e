import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import type { Role } from './access.js';
import {
  type Clone,
  decide,
  expiryOf,
  type Grant,
  type Limits,
  operationsOf,
  requireCreator,
  requireCurrent,
  requireUsable,
  requireWithdrawals,
} from './grant.js';
import { createdOf, type Key } from './key.js';
import type { Owner } from './owner.js';
import { aNewKey } from './sample-key.js';

const USER: Owner = { kind: 'user', id: 'usr_1' };
const OTHER: Owner = { kind: 'user', id: 'usr_2' };
const TEAM: Owner = { kind: 'team', id: 'tem_1' };
const OTHER_TEAM: Owner = { kind: 'team', id: 'tem_2' };
const AT = new Date(0);

describe('requireCreator', () => {
  const cases: readonly (readonly [string, Owner, Role | undefined, string])[] = [
    ['a personal clone of a member', USER, 'member', 'OK'],
    ['a personal clone of an owner of the team', USER, 'owner', 'OK'],
    ['a personal clone of who has left the team', USER, undefined, 'PERMISSION_DENIED'],
    ['a personal clone owned by a team mate', OTHER, 'owner', 'PERMISSION_DENIED'],
    ['a team clone of an owner', TEAM, 'owner', 'OK'],
    ['a team clone of an admin', TEAM, 'admin', 'OK'],
    ['a team clone of a member', TEAM, 'member', 'PERMISSION_DENIED'],
    ['a team clone of who has left the team', TEAM, undefined, 'PERMISSION_DENIED'],
    ['a team clone of another team', OTHER_TEAM, 'owner', 'PERMISSION_DENIED'],
  ];
  const withoutBot: typeof cases = [
    ['a personal clone without a bot', USER, undefined, 'OK'],
    ['a personal clone of another without a bot', OTHER, undefined, 'PERMISSION_DENIED'],
    ['a team clone without a bot, of an admin', OTHER_TEAM, 'admin', 'OK'],
    ['a team clone without a bot, of a member', OTHER_TEAM, 'member', 'PERMISSION_DENIED'],
    ['a team clone without a bot, of who has left', OTHER_TEAM, undefined, 'PERMISSION_DENIED'],
  ];
  for (const [name, owner, role, expected] of [...cases, ...withoutBot]) {
    const hasBot = !name.includes('without a bot');
    it(`answers ${expected} to ${name}`, () => {
      const clone = { ...cloneOf(owner), ...(!hasBot && { teamId: '' }) };
      assert.equal(
        reasonOf(() => requireCreator(clone, role)),
        expected,
      );
    });
  }

  const botless: readonly (readonly [string, Owner, Role | undefined, string])[] = [
    ['a personal clone', USER, undefined, 'OK'],
    ["somebody else's clone", OTHER, undefined, 'PERMISSION_DENIED'],
    ['a team clone of an admin', OTHER_TEAM, 'admin', 'OK'],
    ['a team clone of a member', OTHER_TEAM, 'member', 'PERMISSION_DENIED'],
    ['a team clone of who has left the team', OTHER_TEAM, undefined, 'PERMISSION_DENIED'],
  ];
  for (const [name, owner, role, expected] of botless) {
    it(`answers ${expected} to ${name} without a bot`, () => {
      const clone = { ...cloneOf(owner), teamId: '' };
      assert.equal(
        reasonOf(() => requireCreator(clone, role)),
        expected,
      );
    });
  }
});

describe('requireUsable', () => {
  const cases: readonly (readonly [string, Owner, Key | undefined, string])[] = [
    ["a personal clone and its creator's key", USER, keyOf(USER), 'OK'],
    ['a personal clone and a key of the team', USER, keyOf(TEAM), 'KEY_NOT_FOUND'],
    ["a personal clone and somebody else's key", USER, keyOf(OTHER), 'KEY_NOT_FOUND'],
    ['a team clone and a key of the team', TEAM, keyOf(TEAM), 'OK'],
    ["a team clone and its creator's key", TEAM, keyOf(USER), 'OK'],
    ["a team clone and a mate's key", TEAM, keyOf(OTHER), 'KEY_NOT_FOUND'],
    ["a team clone and another team's key", TEAM, keyOf(OTHER_TEAM), 'KEY_NOT_FOUND'],
    ['a key that is not there', USER, undefined, 'KEY_NOT_FOUND'],
    ['a deleted key', USER, { ...keyOf(USER), deletedAt: AT }, 'KEY_NOT_FOUND'],
    ['another key than that of the clone', USER, { ...keyOf(USER), id: 'key_2' }, 'KEY_NOT_FOUND'],
  ];
  for (const [name, owner, key, expected] of cases) {
    it(`answers ${expected} to ${name}`, () => {
      assert.equal(
        reasonOf(() => requireUsable(key, key?.id ?? 'key_1', cloneOf(owner))),
        expected,
      );
    });
  }
});

describe('requireCurrent', () => {
  it('lets the current epoch of an active clone in', () => {
    requireCurrent(cloneOf(USER), asked('exe_2', 2));
  });

  it('refuses an epoch that was superseded, and a clone whose end has begun', () => {
    const old = () => requireCurrent(cloneOf(USER), asked('exe_1', 1));
    const ending = () => requireCurrent({ ...cloneOf(USER), active: false }, asked('exe_2', 2));
    assert.equal(reasonOf(old), 'EPOCH_STALE');
    assert.equal(reasonOf(ending), 'EPOCH_STALE');
  });
});

describe('decide', () => {
  const live1 = grantOf('exe_1', 1);
  const dead1 = { ...live1, revokedAt: AT };

  it('makes the first grant', () => {
    assert.deepEqual(decide([], asked('exe_1', 1)), { kind: 'new', superseded: [] });
  });

  it('returns the grant that is there', () => {
    assert.deepEqual(decide([live1], asked('exe_1', 1)), { kind: 'granted', grant: live1 });
  });

  it('replaces the grant of an older epoch', () => {
    const decision = { kind: 'new', superseded: [live1] };
    assert.deepEqual(decide([live1], asked('exe_2', 2)), decision);
  });

  it('makes a grant after one that was revoked in an older epoch', () => {
    assert.deepEqual(decide([dead1], asked('exe_2', 2)), { kind: 'new', superseded: [] });
  });

  const stale: readonly (readonly [string, readonly Grant[], string, number])[] = [
    ['an older epoch than that of the grant', [grantOf('exe_2', 2)], 'exe_1', 1],
    ['a grant that was revoked', [dead1], 'exe_1', 1],
    ['another execution of the same epoch', [live1], 'exe_9', 1],
    ['an older epoch than that of a grant that was revoked', [dead1], 'exe_0', 0],
  ];
  for (const [name, grants, executionId, epoch] of stale) {
    it(`refuses ${name}`, () => {
      assert.equal(
        reasonOf(() => decide(grants, asked(executionId, epoch))),
        'EPOCH_STALE',
      );
    });
  }
});

describe('expiryOf', () => {
  const DAY_MS = 86_400_000;

  it('is in 30 days, unless a time is asked for', () => {
    assert.equal(expiryOf(limitsUntil(undefined), 'key_1', AT).getTime(), 30 * DAY_MS);
    const asked = new Date(1);
    assert.equal(expiryOf(limitsUntil(asked), 'key_1', AT), asked);
  });

  for (const [name, at, reason] of [
    ['that is over', 0, 'GRANT_EXPIRED'],
    ['in 366 days', 366 * DAY_MS, 'OK'],
    ['further away', 366 * DAY_MS + 1, 'REQUEST_INVALID'],
  ] as const) {
    it(`takes a time ${name}: ${reason}`, () => {
      assert.equal(
        reasonOf(() => expiryOf(limitsUntil(new Date(at)), 'key_1', AT)),
        reason,
      );
    });
  }
});

describe('operationsOf', () => {
  const none = limitsUntil(undefined);

  it('are all that the key can do but raw and prehashed, unless some are asked for', () => {
    assert.deepEqual(operationsOf(none, { ...keyOf(USER), venue: 'binance' }), ['venue']);
    assert.deepEqual(operationsOf(none, { ...keyOf(USER), algorithm: 'ecdsa_secp256k1' }), [
      ...['evm_message', 'evm_transaction', 'evm_typed_data'],
    ]);
    assert.deepEqual(operationsOf({ ...none, operations: ['raw', 'raw'] }, keyOf(USER)), ['raw']);
  });

  it('are never none', () => {
    assert.equal(
      reasonOf(() => operationsOf(none, keyOf(USER))),
      'OPERATION_NOT_GRANTED',
    );
  });
});

describe('requireWithdrawals', () => {
  const NOTHING = { hosts: [], methods: [], paths: [], symbols: [] };
  const venue = { allow: NOTHING, deny: NOTHING, allowWithdrawals: true };
  const limits = { ...limitsUntil(undefined), rules: { venue } };
  for (const [owner, role, reason] of [
    [USER, undefined, 'OK'],
    [TEAM, 'owner', 'OK'],
    [TEAM, 'admin', 'WITHDRAWALS_DENIED'],
    [TEAM, 'member', 'WITHDRAWALS_DENIED'],
    [TEAM, undefined, 'WITHDRAWALS_DENIED'],
  ] as const) {
    it(`is ${reason} for a key of a ${owner.kind} and the role ${role}`, () => {
      assert.equal(
        reasonOf(() => requireWithdrawals(limits, keyOf(owner), role)),
        reason,
      );
    });
  }

  for (const operation of ['raw', 'prehashed'] as const) {
    it(`is for the OWNER of a team, too, where ${operation} is asked for with a key of a venue`, () => {
      const untold = { ...limitsUntil(undefined), operations: [operation] };
      const ask = (venue: string, role: 'owner' | 'admin') =>
        reasonOf(() => requireWithdrawals(untold, { ...keyOf(TEAM), venue }, role));
      assert.equal(ask('binance', 'admin'), 'WITHDRAWALS_DENIED');
      assert.equal(ask('binance', 'owner'), 'OK');
      assert.equal(ask('', 'admin'), 'OK');
    });
  }

  it('has nothing against limits that do not allow them', () => {
    requireWithdrawals(limitsUntil(undefined), keyOf(TEAM), 'admin');
  });
});

function limitsUntil(expiresAt: Date | undefined): Limits {
  return { operations: [], maxUses: undefined, expiresAt, rate: undefined, rules: {} };
}

function cloneOf(owner: Owner): Clone {
  const ids = { id: 'cln_1', creatorId: 'usr_1', teamId: 'tem_1', keyId: 'key_1' };
  return { ...ids, owner, epoch: 2, active: true };
}

function keyOf(owner: Owner): Key {
  return createdOf(aNewKey({ owner }), AT);
}

function asked(executionId: string, epoch: number) {
  return { cloneId: 'cln_1', executionId, epoch };
}

function grantOf(executionId: string, epoch: number): Grant {
  return {
    ...asked(executionId, epoch),
    ...{ id: `gra_${epoch}`, keyId: 'key_1', operations: ['raw'], maxUses: undefined },
    ...{
      expiresAt: AT,
      leaseUntil: AT,
      rate: undefined,
      rules: {},
      uses: 0n,
      createdAt: AT,
      revokedAt: undefined,
      revokeReason: '',
    },
  };
}

function reasonOf(act: () => unknown): string {
  try {
    act();
    return 'OK';
  } catch (thrown) {
    return thrown instanceof PublicError ? thrown.reason : String(thrown);
  }
}
