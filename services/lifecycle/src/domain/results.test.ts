import assert from 'node:assert/strict';
import { mediaTypeOf } from './media-type.js';
import { partOf, requireOutputName } from './results.js';

describe('the name of an output', () => {
  for (const name of [
    'a',
    'a/b/c.txt',
    '.hidden',
    '..a',
    'a..',
    '...',
    'with space',
    ' ',
    'line\nfeed',
    'carriage\rreturn',
    '"quotes"\'`',
    '\u{1f600}/é',
    'back\\slash',
    'main/1.log',
    '0.log',
    '1.log.gz',
  ]) {
    it(`may be ${JSON.stringify(name)}`, () => requireOutputName(name));
  }

  for (const name of [
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    './a',
    'a/../b',
    'a/.',
    'a\0b',
    '\ud800',
    '1.log',
    '120.log',
  ]) {
    it(`may not be ${JSON.stringify(name)}`, () => {
      assert.throws(() => requireOutputName(name), /header\.name/);
    });
  }
});

describe('a part of a result', () => {
  const ROWS: readonly (readonly [size: number, bigint, bigint, offset: number, length: number])[] =
    [
      [10, 0n, 0n, 0, 10],
      [10, 0n, 1n, 0, 1],
      [10, 9n, 1n, 9, 1],
      [10, 9n, 0n, 9, 1],
      [10, 9n, 2n, 9, 1],
      [10, 10n, 0n, 10, 0],
      [10, 10n, 5n, 10, 0],
      [0, 0n, 0n, 0, 0],
      [0, 0n, 7n, 0, 0],
    ];
  for (const [size, offset, length, at, count] of ROWS) {
    it(`of ${size} bytes from ${offset}, ${length} long, is ${count} at ${at}`, () => {
      assert.deepEqual(partOf(size, { offset, length }), { offset: at, length: count });
    });
  }

  it('does not begin after the end', () => {
    for (const [size, offset] of [[10, 11n] as const, [0, 1n] as const]) {
      assert.throws(() => partOf(size, { offset, length: 0n }), { reason: 'RANGE_INVALID' });
    }
  });
});

describe('what a result looks like', () => {
  const ROWS: readonly (readonly [name: string, type: string])[] = [
    ['main/a.csv', 'text/csv'],
    ['main/A.CSV', 'text/csv'],
    ['main/a.tar.gz', 'application/gzip'],
    ['main/3.log', 'text/plain'],
    ['main/.csv', 'application/octet-stream'],
    ['main/a.csv/b', 'application/octet-stream'],
    ['main/a.constructor', 'application/octet-stream'],
    ['main/a.', 'application/octet-stream'],
    ['main/a.csv\n', 'application/octet-stream'],
  ];
  for (const [name, type] of ROWS) {
    it(`by the name ${JSON.stringify(name)} is ${type}`, () =>
      assert.equal(mediaTypeOf(name), type));
  }
});
