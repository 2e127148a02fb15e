import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf } from './minter.js';
import { isSameSecret, readServiceKeys } from './service-keys.js';

const ONE = '1'.repeat(43);
const TWO = '2'.repeat(43);

describe('the keys of services', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ramet-teams-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('belong to the services that their files are named by', () => {
    put({ keys: ONE, lifecycle: `${TWO}\n` });
    const known = readServiceKeys(folder);
    assert.equal(known.find(hashOf(ONE)), 'keys');
    assert.equal(known.find(hashOf(TWO)), 'lifecycle');
    assert.equal(known.find(hashOf('3'.repeat(43))), undefined);
  });

  it('are taken from no other file', () => {
    put({ 'keys.part': ONE, admin: TWO });
    const known = readServiceKeys(folder);
    assert.equal(known.find(hashOf(ONE)), undefined);
    assert.equal(known.find(hashOf(TWO)), undefined);
  });

  it('must be long, and each another', () => {
    put({ keys: 'short' });
    assert.throws(() => readServiceKeys(folder), /too short/);
    put({ keys: ONE, executor: ONE });
    assert.throws(() => readServiceKeys(folder), /one key/);
  });

  function put(files: Readonly<Record<string, string>>): void {
    for (const [name, key] of Object.entries(files)) writeFileSync(join(folder, name), key);
  }
});

describe('isSameSecret', () => {
  it('compares texts of any length', () => {
    assert.ok(isSameSecret('a', 'a'));
    assert.ok(!isSameSecret('a', 'b'));
    assert.ok(!isSameSecret('a', 'aa'));
    assert.ok(!isSameSecret('', 'a'));
  });
});
