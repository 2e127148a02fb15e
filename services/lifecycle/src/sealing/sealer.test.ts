// Goal: what is sealed opens for its own place alone, with any key that is still there.
// Method: the sealer itself, with every byte of a sealed value changed once.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemIds } from '@ramet/service';
import { sealingKeysFile } from './keys-file.js';
import { createSealer } from './sealer.js';

const [older, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const PLAIN = Buffer.from('a secret of a webhook');

describe('a sealer', () => {
  const sealer = createSealer([older], systemIds);

  it('opens what it has sealed, of any length', () => {
    for (const length of [0, 1, 15, 16, 17, 65_536]) {
      const plain = Buffer.alloc(length, 'x');
      assert.deepEqual(sealer.open(sealer.seal(plain, 'here'), 'here'), plain);
    }
  });

  it('never seals twice alike, and shows nothing of the secret', () => {
    const [one, two] = [sealer.seal(PLAIN, 'here'), sealer.seal(PLAIN, 'here')];
    assert.notDeepEqual(one, two);
    assert.equal(one.includes(PLAIN), false);
  });

  it('opens for no other place', () => {
    const sealed = sealer.seal(PLAIN, 'here');
    assert.throws(() => sealer.open(sealed, 'there'), /not authentic/);
  });

  it('opens nothing that was changed or cut', () => {
    const sealed = sealer.seal(PLAIN, 'here');
    for (let place = 0; place < sealed.length; place += 1) {
      const changed = Buffer.from(sealed);
      changed[place] = (changed[place] ?? 0) ^ 1;
      assert.throws(() => sealer.open(changed, 'here'), /sealed value/, `byte ${place}`);
      assert.throws(() => sealer.open(sealed.subarray(0, place), 'here'), /sealed value/);
    }
  });

  it('seals with its first key and opens with all', () => {
    const both = createSealer([newer, older], systemIds);
    assert.deepEqual(both.open(sealer.seal(PLAIN, 'here'), 'here'), PLAIN);

    const fresh = both.seal(PLAIN, 'here');
    assert.deepEqual(createSealer([newer], systemIds).open(fresh, 'here'), PLAIN);
    assert.throws(() => sealer.open(fresh, 'here'), /a key that is not in SECRETS_KEY_FILE/);
  });

  it('needs a key', () => {
    assert.throws(() => createSealer([], systemIds), /needs a key/);
  });
});

describe('a file of sealing keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-lifecycle-'));
  const path = join(folder, 'keys');

  after(() => rmSync(folder, { recursive: true }));

  it('has one key per line, the first one first', () => {
    write(`${newer.toString('base64')}\n\n${older.toString('base64')}\n`);
    assert.deepEqual(sealingKeysFile(path), [newer, older]);
  });

  it('is refused if it is empty, holds anything else, or is open to others', () => {
    const key = older.toString('base64');
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /names an empty file/],
      ['\n \n', /names an empty file/],
      [key.slice(4), /must hold keys of 32 bytes as base64: .*:1$/],
      [`${key}\n!${key}`, /must hold keys of 32 bytes as base64: .*:2$/],
    ];
    for (const [content, message] of cases) {
      write(content);
      assert.throws(() => sealingKeysFile(path), message);
    }
    write(key);
    chmodSync(path, 0o644);
    assert.throws(() => sealingKeysFile(path), /only its owner can read/);
  });

  function write(content: string): void {
    writeFileSync(path, content);
    chmodSync(path, 0o600);
  }
});
