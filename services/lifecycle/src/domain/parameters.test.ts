// Goal: a clone is told what its template allows, and whoever asks hears of all that is not.
// Method: a table of values for every type, and random texts that must never break a check.

import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { below, oneOf, seeded } from '@ramet/test/random';
import { faultOf } from './parameter-types.js';
import { changeParameters, givenOf, parameterViolations, resolveParameters } from './parameters.js';
import { PARAMETER_TYPES, type ParameterSpec } from './spec.js';

function specOf(type: ParameterSpec['type'], more: Partial<ParameterSpec> = {}): ParameterSpec {
  return { name: 'x', type, description: '', required: false, values: [], ...more };
}

const RANGE = { min: 2, max: 3 };
const AGAIN = { values: ['a', 'b'] };

const CASES: readonly (readonly [ParameterSpec, readonly string[], readonly string[]])[] = [
  [specOf('TEXT'), ['', 'a=b\n"', '\u{1f600}', ' '], ['a\0b', '\ud800', 'x\udc00y']],
  [specOf('TEXT', RANGE), ['ab', '\u{1f600}\u{1f600}\u{1f600}'], ['', 'a', 'abcd', '\u{1f600}']],
  [
    specOf('INTEGER'),
    ['0', '-0', '007', '9007199254740993', '9'.repeat(400)],
    ['', ' 1', '1 ', '+1', '1.0', '1e3', '0x10', '--1', '1_000', '\u0661', '1\n'],
  ],
  [specOf('INTEGER', RANGE), ['2', '3'], ['1', '4', '-2', '9'.repeat(400)]],
  [specOf('INTEGER', { max: 2 ** 53 }), ['9007199254740992'], ['9007199254740993']],
  [
    specOf('NUMBER'),
    ['0', '-1', '1.5', '.5', '1e3', '1E-3', '1e308'],
    ['', 'NaN', 'Infinity', '1e309', '1.', '.', '1,5', '0x10', ' 1', '1e', '1\n'],
  ],
  [specOf('NUMBER', RANGE), ['2', '2.5', '3e0'], ['1.999', '3.001', '-3']],
  [specOf('BOOLEAN'), ['true', 'false'], ['', 'True', '1', 'yes']],
  [specOf('ENUMERATION', AGAIN), ['a', 'b'], ['', 'c', 'A', 'a ']],
  [
    specOf('URL'),
    ['http://a', 'https://a.example:8443/b?c=d#e', 'http://[::1]/'],
    [
      '',
      'a',
      'ftp://a',
      'javascript:alert(1)',
      'http:a',
      'http://',
      'http://u@a',
      'https://u:p@a/',
      'http://a b',
      'http://a:99999',
      'https://é',
    ],
  ],
  [
    specOf('TIME'),
    [
      '2026-01-02T12:00:00Z',
      '2026-01-02t12:00:00.123456789z',
      '2024-02-29T00:00:00+23:59',
      '0000-02-29T00:00:00-00:00',
      '2000-02-29T23:59:59Z',
    ],
    [
      '',
      '2026-01-02',
      '2026-01-02 12:00:00Z',
      '2026-01-02T12:00:00',
      '2026-02-29T00:00:00Z',
      '1900-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-01-00T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2026-01-02T24:00:00Z',
      '2026-01-02T12:60:00Z',
      '2026-01-02T12:00:61Z',
      '2026-01-02T12:00:00+24:00',
      '2026-01-02T12:00:00+0100',
      '2026-01-02T12:00:00.Z',
      '2026-01-02T12:00:00Z\n',
    ],
  ],
];

describe('the value of a parameter', () => {
  for (const [spec, good, bad] of CASES) {
    const range = spec.min === undefined && spec.max === undefined ? '' : ' within bounds';
    it(`is a ${spec.type}${range}`, () => {
      for (const value of good) assert.equal(faultOf(spec, value), undefined, value);
      for (const value of bad) assert.ok(faultOf(spec, value), `${JSON.stringify(value)} passes`);
    });
  }

  it('says what it has to be', () => {
    const values = Array.from({ length: 12 }, (_, n) => `v${n}`);
    assert.equal(
      faultOf(specOf('ENUMERATION', { values }), 'x'),
      'must be one of v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, or 2 more',
    );
    assert.equal(faultOf(specOf('TEXT', { max: 1 }), 'ab'), 'must be at most 1 characters');
    assert.equal(faultOf(specOf('INTEGER', { min: 1 }), '0'), 'must be at least 1');
  });

  it('is taken or refused, whatever it is, as what reads it does', () => {
    const random = seeded(11);
    const parts = ['-', '+', '1', '0', '9', '.', 'e', 'E', 'T', ':', 'Z', '/', 'http', '\0', ' '];
    for (let round = 0; round < 20_000; round += 1) {
      const value = Array.from({ length: below(random, 12) }, () => oneOf(random, parts)).join('');
      for (const type of PARAMETER_TYPES) faultOf(specOf(type), value);
      if (!faultOf(specOf('NUMBER'), value)) assert.ok(Number.isFinite(Number(value)), value);
      if (!faultOf(specOf('INTEGER'), value)) assert.equal(typeof BigInt(value), 'bigint');
      if (!faultOf(specOf('TIME'), value)) assert.ok(Date.parse(value), value);
    }
  });
});

describe('the parameters of a clone', () => {
  const rules = {
    parameters: [
      specOf('INTEGER', { name: 'count', defaultValue: '1' }),
      specOf('TEXT', { name: 'symbol', required: true }),
      specOf('BOOLEAN', { name: 'dry' }),
    ],
    openParameters: false,
  };
  const open = { ...rules, openParameters: true };

  function faults(
    given: readonly (readonly [string, string])[],
    of: typeof rules = rules,
  ): readonly string[] {
    const parameters = given.map(([name, value]) => ({ name, value }));
    return parameterViolations(of, { parameters }).map(({ field, description }) => {
      return `${field} ${description}`;
    });
  }

  it('are what is given, then the defaults', () => {
    const parameters = [{ name: 'symbol', value: 'BTC' }];
    assert.deepEqual(resolveParameters(rules, { parameters }), [
      { name: 'symbol', value: 'BTC' },
      { name: 'count', value: '1' },
    ]);
    const all = [...parameters, { name: 'count', value: '' }];
    assert.throws(() => resolveParameters(rules, { parameters: all }), PublicError);
    const counted = [...parameters, { name: 'count', value: '2' }];
    assert.deepEqual(resolveParameters(rules, { parameters: counted }), counted);
  });

  it('are refused all together', () => {
    const given = [
      ['count', 'many'],
      ['dry', 'false'],
      ['dry', 'perhaps'],
      ['colour', 'red'],
    ] as const;
    assert.deepEqual(faults(given), [
      'parameters[2].name is there already: dry',
      'parameters[0].value must be a whole number (count)',
      'parameters[2].value must be true or false (dry)',
      'parameters[3].name is no parameter of the template: colour',
      'parameters must have symbol',
    ]);
  });

  it('may be others where the template is open, if they are text', () => {
    assert.deepEqual(
      faults(
        [
          ['symbol', ''],
          ['colour', 'red'],
        ],
        open,
      ),
      [],
    );
    assert.deepEqual(
      faults(
        [
          ['symbol', ''],
          ['colour', 'r\0d'],
        ],
        open,
      ),
      ['parameters[1].value must be text without NUL (colour)'],
    );
  });

  it('are 512 KiB at most, defaults and names included', () => {
    const most = 512 * 1024 - 'symbol'.length - 'count1'.length;
    assert.deepEqual(faults([['symbol', 'x'.repeat(most)]]), []);
    assert.deepEqual(faults([['symbol', `${'x'.repeat(most - 1)}é`]]), [
      'parameters must be at most 524288 bytes together, not 524289',
    ]);
  });

  it('that were given are told from defaults', () => {
    const parameters = [
      { name: 'symbol', value: 'BTC' },
      { name: 'count', value: '1' },
      { name: 'other', value: '' },
    ];
    assert.deepEqual(
      givenOf(rules.parameters, parameters).map(({ name }) => name),
      ['symbol', 'other'],
    );
  });
});

describe('a change of parameters', () => {
  const before = [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ];

  it('sets and takes out, and tells where each stands in the request', () => {
    const set = [{ name: 'b', value: '3' }];
    const { parameters, at } = changeParameters(before, { set, unset: ['a', 'gone'] });
    assert.deepEqual(parameters, [{ name: 'b', value: '3' }]);
    assert.equal(at(0), 'set_parameters[0]');
    const kept = changeParameters(before, { set, unset: [] });
    assert.deepEqual(
      kept.parameters.map(({ name }) => kept.at(name === 'b' ? 0 : 1)),
      ['set_parameters[0]', 'parameters'],
    );
  });

  it('does not both for one name', () => {
    const set = [{ name: 'a', value: '3' }];
    assert.throws(() => changeParameters(before, { set, unset: ['a'] }), {
      message: 'set_parameters[0].name: is taken out in the same request: a',
    });
  });
});
