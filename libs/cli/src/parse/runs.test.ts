// What people write of what clones run and of when: moments, inputs, processor time.
import assert from 'node:assert/strict';
import { systemClock } from '@ramet/service';
import { UsageError } from '../usage-error.js';
import { parseCpu } from './cpu.js';
import { parseInput } from './input.js';
import { parseHistoryMoment, parsePast } from './past.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const CLOCK = { ...systemClock, now: () => NOW };
const HEX = '0f'.repeat(32);
const NONE = Buffer.alloc(0);
const SHA256 = Buffer.from(HEX, 'hex');

const MOMENTS: readonly (readonly [string, string, unknown])[] = [
  ['seq:1', 'seq', 1],
  ['seq:4294967295', 'seq', 4_294_967_295],
  ['position:0', 'position', 0n],
  ['position:900719925474099267', 'position', 900_719_925_474_099_267n],
  ['2029-12-31T23:00:00Z', 'time', new Date('2029-12-31T23:00:00Z')],
  ['2029-12-31T23:00:00+01:00', 'time', new Date('2029-12-31T22:00:00Z')],
  ['1h30m', 'time', new Date('2029-12-31T22:30:00Z')],
];

const NO_MOMENTS = [
  ...['', 'seq', 'seq:', 'seq:0', 'seq:-1', 'seq:1.5', 'seq:4294967296', 'position:'],
  ...['position:-1', 'position:1e3', 'yesterday', '2029-12-31', '-1h', '2029-13-01T00:00:00Z'],
];

const CPUS: readonly (readonly [string, bigint])[] = [
  ['0', 0n],
  ['2', 2_000n],
  ['1.5', 1_500n],
  ['0.25', 250n],
  ['0.001', 1n],
  ['500m', 500n],
];
const NO_CPUS = ['', '-1', '1.', '.5', '0.0001', '1e3', '500mm', '5M', '1,5', '9999999'];

const INPUTS: readonly (readonly [string, object])[] = [
  ['a=https://x/y', { from: { url: 'https://x/y' }, sha256: NONE, maxBytes: 0n }],
  ['a=http://x?b=c,d', { from: { url: 'http://x?b=c,d' }, sha256: NONE, maxBytes: 0n }],
  [`a=https://x,sha256=${HEX}`, { from: { url: 'https://x' }, sha256: SHA256, maxBytes: 0n }],
  ['a=https://x,max=1MiB', { from: { url: 'https://x' }, sha256: NONE, maxBytes: 1_048_576n }],
  [
    `a=https://x?q=1,2,max=5,sha256=${HEX}`,
    { from: { url: 'https://x?q=1,2' }, sha256: SHA256, maxBytes: 5n },
  ],
  [
    'a=result:first/train/model/a.bin',
    { from: { clone: 'first', result: 'train/model/a.bin' }, sha256: NONE, maxBytes: 0n },
  ],
  [
    'a=result:first/train/a=b,c.bin,max=7',
    { from: { clone: 'first', result: 'train/a=b,c.bin' }, sha256: NONE, maxBytes: 7n },
  ],
];

const NO_INPUTS: readonly (readonly [string, RegExp])[] = [
  ['', /not a pair/],
  ['https://x', /not a pair/],
  ['a=', /not an input/],
  ['a=ftp://x', /not an input/],
  ['a=https://', /not an input/],
  ['a=result:first', /not an input/],
  ['a=result:/x', /not an input/],
  ['a=result:first/', /not an input/],
  ['a=https://x,sha256=0f', /not a sha256/],
  ['a=https://x,sha256=', /not a sha256/],
  ['a=https://x,max=big', /not a size/],
  ['a=https://x,max=0', /more than nothing/],
  ['a=https://x,max=1,max=2', /given twice/],
];

describe('parseHistoryMoment', () => {
  for (const [text, $case, value] of MOMENTS) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseHistoryMoment(text, CLOCK), { moment: { $case, value } });
    });
  }
  for (const text of NO_MOMENTS) {
    it(`refuses '${text}'`, () => {
      assert.throws(() => parseHistoryMoment(text, CLOCK), UsageError);
    });
  }
  it('refuses what is longer ago than times go back', () => {
    assert.throws(() => parsePast('3600000000d', CLOCK), UsageError);
  });
});

describe('parseCpu', () => {
  for (const [text, millis] of CPUS) {
    it(`reads ${text} as ${millis} thousandths`, () => {
      assert.equal(parseCpu(text), millis);
    });
  }
  for (const text of NO_CPUS) {
    it(`refuses '${text}'`, () => {
      assert.throws(() => parseCpu(text), UsageError);
    });
  }
});

describe('parseInput', () => {
  for (const [text, input] of INPUTS) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseInput(text), { name: 'a', ...input });
    });
  }
  for (const [text, why] of NO_INPUTS) {
    it(`refuses '${text}', and says why`, () => {
      assert.throws(() => parseInput(text), UsageError);
      assert.throws(() => parseInput(text), why);
    });
  }
  it('repeats no address that it refuses: there may be a secret in it', () => {
    assert.throws(
      () => parseInput('a=s3://x?token=hunter2'),
      (thrown: Error) => {
        return !thrown.message.includes('hunter2');
      },
    );
  });
});
