import assert from 'node:assert/strict';
import { BlobKeyError } from './errors.js';
import { checkKey } from './keys.js';

describe('checkKey', () => {
  const good = ['a', '000001', 'cln_x/exe_y/000001', 'A-b_C/9', `${'a'.repeat(128)}/b`];
  for (const key of good) {
    it(`takes ${key.slice(0, 40)}`, () => checkKey(key));
  }

  const bad = [
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    'a.b',
    '.incoming',
    'a\\b',
    'a b',
    'a\0b',
    'a\n',
    'a%2fb',
    'a?b',
    'ä',
    'a/名',
    '-a',
    '_a',
    'a'.repeat(129),
    Array(300).fill('a').join('/'),
  ];
  for (const key of bad) {
    it(`refuses ${JSON.stringify(key.slice(0, 40))}`, () => {
      assert.throws(() => checkKey(key), BlobKeyError);
    });
  }
});
