import assert from 'node:assert/strict';
import {
  applyChanges,
  layered,
  type OverrideChange,
  overrideBytes,
  overrideViolations,
} from './overrides.js';
import type { Override } from './spec.js';

type Layer = Override['layer'];

function open(name: string, value: string, layer: Layer = 'OWNER'): Override {
  return { name, scope: 'APP', layer, value, digest: '' };
}

function secret(name: string, digest: string, layer: Layer = 'OWNER'): Override {
  return { name, scope: 'APP', layer, value: '', digest, bytes: 5 };
}

function set(name: string, value: string): OverrideChange {
  return { name, scope: 'APP', kind: 'set', value };
}

function hide(name: string, digest: string, bytes = 5): OverrideChange {
  return { name, scope: 'APP', kind: 'secret', digest, bytes };
}

function unset(name: string): OverrideChange {
  return { name, scope: 'APP', kind: 'unset' };
}

const OWNER = { as: 'OWNER', field: 'changes' } as const;
const LAYER = [open('a', '1'), secret('b', 'd1')];

const CASES: readonly (readonly [string, readonly OverrideChange[], readonly Override[]])[] = [
  ['sets one', [set('c', 'x')], [...LAYER, open('c', 'x')]],
  ['sets one anew', [set('a', '2')], [open('a', '2'), secret('b', 'd1')]],
  ['covers a public one with a secret', [hide('a', 'd2')], [secret('a', 'd2'), secret('b', 'd1')]],
  ['covers a secret with a public one', [set('b', '')], [open('a', '1'), open('b', '')]],
  ['takes one out', [unset('a')], [secret('b', 'd1')]],
  ['takes one out that is not there', [unset('z')], LAYER],
  ['changes nothing', [set('a', '1'), hide('b', 'd1')], LAYER],
  [
    'tells scopes apart',
    [{ name: 'a', scope: 'ENVIRONMENT', kind: 'set', value: '1' }],
    [open('a', '1'), { ...open('a', '1'), scope: 'ENVIRONMENT' }, secret('b', 'd1')],
  ],
  ['keeps names in order', [set('B', ''), set('0', '')], [open('0', ''), open('B', ''), ...LAYER]],
];

describe('a change of a layer', () => {
  for (const [what, changes, expected] of CASES) {
    it(what, () => {
      const next = applyChanges(LAYER, changes, OWNER);
      assert.deepEqual(next, expected);
      assert.equal(applyChanges(next, changes, OWNER), next, 'and does nothing if repeated');
    });
  }

  it('keeps any text as it is', () => {
    for (const value of ['a=b=c', 'two\r\nlines', '"\'`$x', '\u{1f600}\u0301', ' ', '\\0']) {
      assert.deepEqual(applyChanges([], [set('a', value)], OWNER), [open('a', value)]);
    }
  });

  it('is refused with all that is wrong', () => {
    const changes = [
      set('a', '1'),
      unset('a'),
      set('n', 'x\0y'),
      set('s', '\ud800'),
      set('m', `${'x'.repeat(65_535)}é`),
      hide('h', 'd', 65_537),
      set('ok', 'x'.repeat(65_536)),
    ];
    assert.throws(() => applyChanges([], changes, OWNER), {
      reason: 'REQUEST_INVALID',
      violations: [
        { field: 'changes[1].name', description: 'is changed already: a' },
        { field: 'changes[2].value', description: 'must be text without NUL' },
        { field: 'changes[3].value', description: 'must be text without NUL' },
        { field: 'changes[4].value', description: 'must be at most 65536 bytes' },
        { field: 'changes[5].secret_value', description: 'must be at most 65536 bytes' },
      ],
    });
  });
});

describe('layers of overrides', () => {
  it('lie over each other: template, owner, clone', () => {
    const template = [open('a', 't', 'TEMPLATE'), open('b', 't', 'TEMPLATE')];
    const owner = [secret('b', 'o'), open('c', 'o')];
    const clone = [open('c', 'c', 'CLONE'), secret('a', 'c', 'CLONE')];
    assert.deepEqual(layered(template, owner, clone), [clone[1], owner[0], clone[0]]);
    assert.deepEqual(layered(template, owner, []), [template[0], ...owner]);
    assert.deepEqual(layered(), []);
  });

  it('have 512 KiB at most together, secret ones included', () => {
    const most = Array.from({ length: 7 }, (_, n) => open(`${n}`, 'x'.repeat(65_536)));
    const rest = { ...secret('s', 'd'), bytes: 65_536 - 8 };
    assert.equal(overrideBytes([...most, rest]), 512 * 1024);
    assert.deepEqual(overrideViolations([...most, rest]), []);
    assert.deepEqual(overrideViolations([...most, { ...rest, bytes: 65_536 - 7 }]), [
      {
        field: 'overrides',
        description: 'must be at most 524288 bytes in all layers, not 524289',
      },
    ]);
  });
});
