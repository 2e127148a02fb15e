import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { ANONYMOUS, type Caller } from './call.js';
import type { Rule, RuleCaller } from './contract.js';
import { permit, ruleOf } from './permissions.js';
import { callerNamed } from './test-server.js';

const USER = callerNamed('user', 'usr_1');
const ADMIN = callerNamed('user', 'usr_2', true);
const KEYS = callerNamed('service', 'keys');
const TEAMS = callerNamed('service', 'teams');
const RUNNER = callerNamed('workload', 'exe_1');

const CALLERS: readonly Caller[] = [ANONYMOUS, USER, ADMIN, KEYS, TEAMS, RUNNER];

/** Who is let in by which rule. `keys` is the service that each rule names. */
const LET_IN: Readonly<Record<RuleCaller, readonly Caller[]>> = {
  anyone: CALLERS,
  user: [USER, ADMIN],
  admin: [ADMIN],
  service: [KEYS],
  workload: [RUNNER],
};

describe('permit', () => {
  for (const [kind, letIn] of Object.entries(LET_IN)) {
    for (const caller of CALLERS) {
      const name = `${caller.kind} ${caller.id}`;
      const expected = expectedFor(letIn, caller);
      it(`${expected === undefined ? 'lets' : `answers ${expected} when`} ${name} call ${kind}`, () => {
        assert.equal(refusalOf(ruleFor(kind as RuleCaller), caller), expected);
      });
    }
  }

  it('lets no service in where a rule names none', () => {
    const rule = { ...ruleFor('service'), services: [] };
    assert.equal(refusalOf(rule, KEYS), 'permission_denied');
  });

  for (const [scopes, expected] of [
    [undefined, undefined],
    [[], 'SCOPE_MISSING'],
    [['keys.list'], undefined],
    [['keys.*'], undefined],
    [['clones.*', 'keys.list'], undefined],
    [['keys.lis'], 'SCOPE_MISSING'],
    [['keys.list_all'], 'SCOPE_MISSING'],
    [['key.*'], 'SCOPE_MISSING'],
    [['*'], 'SCOPE_MISSING'],
  ] as const) {
    it(`holds a token to its scopes: ${scopes ?? 'all'}`, () => {
      const rule = { ...ruleFor('user'), action: 'keys.list' };
      assert.equal(reasonOf(rule, { ...ADMIN, ...(scopes && { scopes }) }), expected);
    });
  }

  it('asks for no scope where none is needed, of whoever is let in', () => {
    const rule = { ...ruleFor('user'), anyScope: true };
    assert.equal(reasonOf(rule, { ...USER, scopes: ['x'] }), undefined);
    assert.equal(
      reasonOf({ ...rule, callers: ['admin'] }, { ...USER, scopes: ['x'] }),
      'PERMISSION_DENIED',
    );
  });

  it('asks for no scope where no token is needed, and lets nobody in by one', () => {
    assert.equal(reasonOf(ruleFor('anyone'), { ...USER, scopes: [] }), undefined);
    const scoped = { ...USER, scopes: ['x'] };
    assert.equal(reasonOf(ruleFor('admin'), scoped), 'PERMISSION_DENIED');
  });

  it('lets in whom any of several kinds lets in', () => {
    const rule = { ...ruleFor('service'), callers: ['workload', 'service'] } as const;
    assert.equal(refusalOf(rule, RUNNER), undefined);
    assert.equal(refusalOf(rule, KEYS), undefined);
    assert.equal(refusalOf(rule, USER), 'permission_denied');
  });
});

describe('ruleOf', () => {
  it('throws for a method without a rule, and for a rule that lets nobody in', () => {
    const rules = new Map([['/a/B', { ...ruleFor('user'), callers: [] }]]);
    const contract = { descriptorSet: new Uint8Array(), rules };
    assert.throws(() => ruleOf(contract, '/a/A'), /no permission is declared for \/a\/A/);
    assert.throws(() => ruleOf(contract, '/a/B'), /no permission is declared for \/a\/B/);
  });
});

function ruleFor(kind: RuleCaller): Rule {
  return { callers: [kind], services: ['keys'], action: 'x', audit: 'none', idempotent: false };
}

function expectedFor(letIn: readonly Caller[], caller: Caller): string | undefined {
  if (letIn.includes(caller)) return undefined;
  return caller === ANONYMOUS ? 'unauthenticated' : 'permission_denied';
}

function refusalOf(rule: Rule, caller: Caller): string | undefined {
  return refusal(rule, caller)?.code;
}

function reasonOf(rule: Rule, caller: Caller): string | undefined {
  return refusal(rule, caller)?.reason;
}

function refusal(rule: Rule, caller: Caller): PublicError | undefined {
  try {
    permit(rule, caller);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof PublicError);
    return thrown;
  }
}
