import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlreadyRunning, lockedBy, takeLock } from './lock.js';
import { startOf } from './proc.js';
import { testFolder } from './testing/folder.js';

describe('the lock of a state folder', () => {
  it('is held by one at a time', () => {
    using folder = testFolder();
    const file = join(folder.path, 'lock');
    using _lock = takeLock(file);

    assert.equal(lockedBy(file), process.pid);
    assert.throws(() => takeLock(file), AlreadyRunning);
  });

  it('is gone once it is given back', () => {
    using folder = testFolder();
    const file = join(folder.path, 'lock');
    takeLock(file)[Symbol.dispose]();

    assert.equal(lockedBy(file), undefined);
    assert.ok(!existsSync(file));
  });

  it('is taken over from a process that has ended', () => {
    using folder = testFolder();
    const file = join(folder.path, 'lock');
    writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, started: 'long ago' }));

    using _lock = takeLock(file);

    assert.equal(lockedBy(file), process.pid);
  });

  it('is taken over from a process whose pid was used again', () => {
    using folder = testFolder();
    const file = join(folder.path, 'lock');
    writeFileSync(file, JSON.stringify({ pid: process.pid, started: 'long ago' }));

    using _lock = takeLock(file);

    assert.notEqual(startOf(process.pid), 'long ago');
    assert.equal(lockedBy(file), process.pid);
  });
});
