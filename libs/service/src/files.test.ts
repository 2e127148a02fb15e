import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExclusively, writeAtomically } from './files.js';

describe('createExclusively', () => {
  it('lets exactly one of many make the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ramet-files-'));
    const path = join(folder, 'runner.json');

    const first = await createExclusively(path, 'first');
    const second = await createExclusively(path, 'second');

    assert.deepEqual([first, second], [true, false]);
    assert.equal(await readFile(path, 'utf8'), 'first');
    assert.deepEqual(await readdir(folder), ['runner.json']);
    await rm(folder, { recursive: true });
  });
});

describe('writeAtomically', () => {
  it('leaves the new content alone, for its owner only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ramet-files-'));
    const path = join(folder, 'exit.json');

    await writeAtomically(path, 'first');
    await writeAtomically(path, 'second');

    assert.equal(await readFile(path, 'utf8'), 'second');
    assert.deepEqual(await readdir(folder), ['exit.json']);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await rm(folder, { recursive: true });
  });
});
