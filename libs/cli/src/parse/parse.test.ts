import assert from 'node:assert/strict';
import { systemClock } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import { nameOf, parseChoice } from './choice.js';
import { parseDuration, parseMilliseconds } from './duration.js';
import { overlay, pairsOfJson, parseLabels, parsePair, parsePairs } from './pairs.js';
import { parseSize } from './size.js';
import { parseMoment } from './time.js';
import { parseWhole } from './whole.js';

const MILLISECONDS: readonly (readonly [string, number])[] = [
  ['0s', 0],
  ['500ms', 500],
  ['90s', 90_000],
  ['1.5s', 1_500],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
];
const NO_DURATIONS = ['', '5', '-5s', '5 s', '1y', 's', '1e3s', 'Infinitys', '99999999999999d'];

const SIZES: readonly (readonly [string, bigint])[] = [
  ['0', 0n],
  ['1048576', 1_048_576n],
  ['64MiB', 67_108_864n],
  ['64 MiB', 67_108_864n],
  ['1GB', 1_000_000_000n],
  ['1TiB', 1_099_511_627_776n],
];
const NO_SIZES = ['', '-1', '1.5GiB', '64mib', '1XB', 'MiB', '99999999999999999999'];

const PAIRS: readonly (readonly [string, string, string])[] = [
  ['a=b', 'a', 'b'],
  ['a=', 'a', ''],
  ['a=b=c', 'a', 'b=c'],
  ['a= b ', 'a', ' b '],
];

describe('parseDuration', () => {
  for (const [text, ms] of MILLISECONDS) {
    it(`reads ${text} as ${ms} ms`, () => {
      assert.equal(parseMilliseconds(text), ms);
    });
  }
  for (const text of NO_DURATIONS) {
    it(`refuses '${text}'`, () => {
      assert.throws(() => parseDuration(text), UsageError);
    });
  }

  it('splits into seconds and nanoseconds', () => {
    assert.deepEqual(parseDuration('1.5s'), { seconds: 1n, nanos: 500_000_000 });
  });
});

describe('parseSize', () => {
  for (const [text, bytes] of SIZES) {
    it(`reads ${text} as ${bytes} bytes`, () => {
      assert.equal(parseSize(text), bytes);
    });
  }
  for (const text of NO_SIZES) {
    it(`refuses '${text}'`, () => {
      assert.throws(() => parseSize(text), UsageError);
    });
  }
});

describe('parsePairs', () => {
  for (const [text, name, value] of PAIRS) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parsePair(text), { name, value });
    });
  }

  it('refuses a text without a name', () => {
    assert.throws(() => parsePair('=b'), UsageError);
    assert.throws(() => parsePair('ab'), UsageError);
  });

  it('refuses a name that is given twice', () => {
    assert.throws(() => parsePairs(['a=1', 'a=2']), /'a' is given twice/);
    assert.deepEqual(parseLabels(['a=1', 'b=2']), { a: '1', b: '2' });
  });

  it('takes an object from a file, and lets flags count more', () => {
    const fromFile = pairsOfJson('{"symbol":"BTC","fast":5,"deep":{"x":[1]}}');

    assert.deepEqual(overlay(fromFile, [{ name: 'fast', value: '7' }]), [
      { name: 'symbol', value: 'BTC' },
      { name: 'fast', value: '7' },
      { name: 'deep', value: '{"x":[1]}' },
    ]);
  });

  it('refuses files that hold anything else', () => {
    for (const json of ['[]', 'null', '"a"', '{', '']) {
      assert.throws(() => pairsOfJson(json), UsageError, json);
    }
  });
});

describe('parseChoice', () => {
  const choices = { UNSPECIFIED: 0, HMAC_SHA256: 1, ED25519: 3 };

  it('reads names in any case', () => {
    assert.equal(parseChoice(choices, 'hmac-sha256'), 1);
    assert.equal(parseChoice(choices, 'HMAC_SHA256'), 1);
  });

  it('refuses other words and says which there are', () => {
    assert.throws(() => parseChoice(choices, 'rsa'), /none of hmac-sha256, ed25519/);
    assert.throws(() => parseChoice(choices, 'unspecified'), UsageError);
    assert.throws(() => parseChoice(choices, 'constructor'), UsageError);
  });

  it('names a value, also one that this build does not know', () => {
    assert.equal(nameOf(choices, 3), 'ED25519');
    assert.equal(nameOf<number>(choices, 9), '9');
  });
});

describe('parseWhole', () => {
  it('keeps to its bounds', () => {
    assert.equal(parseWhole('10', 0, 10), 10);
    for (const text of ['11', '-1', '1.5', '', 'NaN', '0x1']) {
      assert.throws(() => parseWhole(text, 0, 10), UsageError, text);
    }
  });
});

describe('parseMoment', () => {
  const clock = { ...systemClock, now: () => new Date('2030-01-01T00:00:00Z') };

  it('reads a time, or a duration from the clock on', () => {
    assert.equal(
      parseMoment('2031-02-03T04:05:06Z', clock).toISOString(),
      '2031-02-03T04:05:06.000Z',
    );
    assert.equal(parseMoment('1d', clock).toISOString(), '2030-01-02T00:00:00.000Z');
    assert.throws(() => parseMoment('2031-02-31', clock), UsageError);
    assert.throws(
      () => parseMoment('2031-02-03', clock),
      /write it like 2030-01-31T00:00:00Z, or a duration from now such as 30d/,
    );
    assert.throws(() => parseMoment('2031-13-01T00:00:00Z', clock), UsageError);
  });
});
