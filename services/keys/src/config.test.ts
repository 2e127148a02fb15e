import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFrom } from './config.js';

describe('the settings of keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-keys-'));

  after(() => rmSync(folder, { recursive: true }));

  it('take a key-encryption key of 32 bytes that nobody else can read', () => {
    assert.equal(configFrom(envWith(fileOf(32))).kek.length, 32);
  });

  it('refuse a key-encryption key that is missing, of another size, or open to others', () => {
    const open = fileOf(32);
    chmodSync(open, 0o640);
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /KEK_FILE is required/],
      [join(folder, 'nowhere'), /KEK_FILE .*no such file/],
      [fileOf(31), /KEK_FILE must name a file of 32 bytes, not 31/],
      [fileOf(33), /KEK_FILE must name a file of 32 bytes, not 33/],
      [open, /KEK_FILE must name a file that only its owner can read/],
    ];
    for (const [file, message] of cases) {
      assert.throws(() => configFrom(envWith(file)), message);
    }
  });

  it('are refused all at once', () => {
    assert.throws(() => configFrom({}), /DATABASE_URL.*TEAMS_ADDRESS.*SERVICE_KEY_FILE.*KEK/s);
  });

  function fileOf(bytes: number): string {
    const file = join(folder, `kek-${bytes}-${Math.random()}`);
    writeFileSync(file, Buffer.alloc(bytes, 1), { mode: 0o600 });
    return file;
  }

  function envWith(kek: string): Record<string, string> {
    return {
      DATABASE_URL: 'postgres://keys@127.0.0.1/ramet',
      TEAMS_ADDRESS: '127.0.0.1:1',
      LIFECYCLE_ADDRESS: '127.0.0.1:2',
      SERVICE_KEY_FILE: fileOf(16),
      KEK_FILE: kek,
    };
  }
});
