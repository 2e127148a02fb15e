// Goal: a spec that holds together is taken, and one that does not tells all that is wrong.
// Method: a table of faults, each alone in a good spec, and random specs that must never break it.

import assert from 'node:assert/strict';
import { seeded } from '@ramet/test/random';
import { specOf } from '../testing/random-spec.js';
import { specViolations } from './check-spec.js';
import { CLONE_KINDS, type CloneKind } from './clone.js';
import { defaultSpec } from './release.js';
import type { Override, ParameterSpec, Spec, Stage } from './spec.js';

function stage(name: string, more: Partial<Stage> = {}): Stage {
  return {
    name,
    work: { kind: 'bot' },
    always: false,
    oncePerRelease: false,
    limits: {},
    ports: [],
    ...more,
  };
}

const FETCH = stage('fetch', { work: { kind: 'fetch_inputs' } });
const HTTP = { name: 'http', label: 'http', scheme: 'http' };

function stages(...all: readonly Stage[]): Partial<Spec> {
  return { stages: all };
}

function parameter(more: Partial<ParameterSpec>): Partial<Spec> {
  const base = { name: 'x', type: 'TEXT', description: '', required: false, values: [] } as const;
  return { parameters: [{ ...base, ...more }] };
}

function override(more: Partial<Override>): Override {
  return { name: 'A', scope: 'APP', layer: 'TEMPLATE', value: '', digest: '', ...more };
}

type Case = readonly [string, Partial<Spec>, readonly string[], CloneKind?];

const GOOD: readonly Case[] = [
  ['nothing but a stage', {}, []],
  ['a probe of a port', stages(stage('m', { ports: [HTTP], probe: http('http') })), []],
  ['a fetch before all', stages(FETCH, stage('m'), stage('p', { always: true })), []],
  ['a fetch after what always runs', stages(stage('n', { always: true }), FETCH, stage('m')), []],
  ['a last stage that always runs', stages(stage('m', { always: true })), [], 'WORKFLOW'],
  ['migrations first', stages(stage('m', { oncePerRelease: true }), stage('w')), [], 'INSTANCE'],
  ['a default within bounds', parameter({ defaultValue: 'ab', min: 1, max: 2 }), []],
  ['one name in both scopes', overrides({}, { scope: 'ENVIRONMENT' }), []],
  ['an extension', { policy: { expireAfterMs: 1, extendUpToMs: 1 } }, []],
];

const BAD: readonly Case[] = [
  ['a stage twice', stages(stage('m'), stage('m')), ['spec.stages[1].name']],
  ['a port twice', stages(stage('m', { ports: [HTTP, HTTP] })), ['spec.stages[0].ports[1].name']],
  [
    'a probe of no port',
    stages(stage('a'), stage('m', { probe: http('web'), ports: [HTTP] })),
    ['spec.stages[1].probe.http.port'],
  ],
  [
    'a tcp probe of no port',
    stages(stage('m', { probe: { check: { kind: 'tcp', port: 'web' } } })),
    ['spec.stages[0].probe.tcp.port'],
  ],
  [
    'a fetch with a probe and ports',
    stages({ ...FETCH, ports: [HTTP], probe: http('http') }),
    ['spec.stages[0].probe', 'spec.stages[0].ports'],
  ],
  ['two fetches', stages(FETCH, { ...FETCH, name: 'g' }), ['spec.stages[1].fetch_inputs']],
  ['a late fetch', stages(stage('m'), FETCH), ['spec.stages[1].fetch_inputs']],
  [
    'an environment that ends',
    stages(stage('m', { always: true, oncePerRelease: true })),
    ['spec.stages[0].always', 'spec.stages[0].once_per_release'],
    'ENVIRONMENT',
  ],
  ['an instance of a fetch', stages(FETCH), ['spec.stages[0].fetch_inputs'], 'INSTANCE'],
  [
    'a failure twice and a short pause',
    stages(
      stage('m', {
        retry: { maxExecutions: 1, on: ['EXIT', 'EXIT'], backoffMs: 2, maxBackoffMs: 1 },
      }),
    ),
    ['spec.stages[0].retry.on[1]', 'spec.stages[0].retry.max_backoff'],
  ],
  [
    'a parameter twice',
    { parameters: [...(parameter({}).parameters ?? []), ...(parameter({}).parameters ?? [])] },
    ['spec.parameters[1].name'],
  ],
  ['values of a text', parameter({ values: ['a'] }), ['spec.parameters[0].values']],
  ['no values', parameter({ type: 'ENUMERATION' }), ['spec.parameters[0].values']],
  [
    'a value twice',
    parameter({ type: 'ENUMERATION', values: ['a', 'a', 'b\0'] }),
    ['spec.parameters[0].values[1]', 'spec.parameters[0].values[2]'],
  ],
  [
    'bounds of an address',
    parameter({ type: 'URL', min: 1, max: 1 }),
    ['spec.parameters[0].min', 'spec.parameters[0].max'],
  ],
  ['bounds that cross', parameter({ min: 2, max: 1 }), ['spec.parameters[0].max']],
  [
    'a default that is wrong and required',
    parameter({ type: 'INTEGER', defaultValue: 'x', required: true }),
    ['spec.parameters[0].default_value', 'spec.parameters[0].required'],
  ],
  ['an override twice', overrides({}, { value: 'x' }), ['spec.overrides[1].name']],
  ['a secret', overrides({ digest: 'd' }), ['spec.overrides[0].secret']],
  ['an override with NUL', overrides({ value: 'a\0' }), ['spec.overrides[0].value']],
  ['an extension of nothing', { policy: { extendUpToMs: 1 } }, ['spec.policy.extend_up_to']],
  [
    'an extension that shortens',
    { policy: { expireAfterMs: 2, extendUpToMs: 1 } },
    ['spec.policy.extend_up_to'],
  ],
  ['too much', parameter({ defaultValue: 'x'.repeat(512 * 1024) }), ['spec']],
];

function http(port: string): NonNullable<Stage['probe']> {
  return { check: { kind: 'http', port, path: '/' } };
}

function overrides(...all: readonly Partial<Override>[]): Partial<Spec> {
  return { overrides: all.map(override) };
}

describe('a spec with', () => {
  for (const [what, change, expected, kind = 'BOT'] of [...GOOD, ...BAD]) {
    it(`${what} is ${expected.length === 0 ? 'taken' : 'refused'}`, () => {
      const violations = specViolations(kind, { ...defaultSpec(), ...change });
      assert.deepEqual(
        violations.map(({ field }) => field),
        expected,
      );
    });
  }

  it('anything in it is judged, and never breaks the judge', () => {
    const random = seeded(5);
    for (let round = 0; round < 1_000; round += 1) {
      const spec = specOf(random);
      for (const kind of CLONE_KINDS) {
        for (const { field, description } of specViolations(kind, spec)) {
          assert.match(field, /^spec(\.[a-z_]+(\[\d+\])?)*$/);
          assert.notEqual(description, '');
        }
      }
    }
  });
});
