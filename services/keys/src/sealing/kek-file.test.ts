import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kekFile } from './kek-file.js';

describe('a file of key-encryption keys', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ramet-kek-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives one key for each 32 bytes, in their order', async () => {
    const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const [first] = await kekFile(fileOf(one)).read();
    const [second] = await kekFile(fileOf(two)).read();
    const both = await kekFile(fileOf(Buffer.concat([two, one]))).read();
    assert.deepEqual(
      both.map(({ id }) => id),
      [second?.id, first?.id],
    );
  });

  it('is refused if it is missing, of no whole number of keys, has one twice, or is open', async () => {
    const open = fileOf(Buffer.alloc(32, 1));
    chmodSync(open, 0o640);
    const cases: readonly (readonly [string, RegExp])[] = [
      [join(folder, 'nowhere'), /no such file/],
      [fileOf(Buffer.alloc(0)), /not 0 bytes/],
      [fileOf(Buffer.alloc(31, 1)), /not 31 bytes/],
      [fileOf(Buffer.alloc(33, 1)), /not 33 bytes/],
      [fileOf(Buffer.alloc(10_000, 1)), /not 513 bytes/],
      [fileOf(Buffer.alloc(64, 1)), /has a key twice/],
      [open, /only its owner can read/],
    ];
    for (const [path, message] of cases) await assert.rejects(kekFile(path).read(), message);
  });

  it('tells that another one was put in its place, and when it is gone', async () => {
    const path = fileOf(Buffer.alloc(32, 1));
    const provider = kekFile(path);
    assert.equal(provider.hasChanged(), true);
    const [before] = await provider.read();
    assert.equal(provider.hasChanged(), false);

    renameSync(fileOf(Buffer.alloc(32, 2)), path);
    assert.equal(provider.hasChanged(), true);
    assert.notEqual((await provider.read())[0]?.id, before?.id);
    rmSync(path);
    assert.equal(provider.hasChanged(), true);
  });

  function fileOf(bytes: Buffer): string {
    const path = join(folder, `kek-${Math.random()}`);
    writeFileSync(path, bytes, { mode: 0o600 });
    return path;
  }
});
