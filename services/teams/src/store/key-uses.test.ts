import assert from 'node:assert/strict';
import type { Database } from '@ramet/database';
import { KeyUses } from './key-uses.js';

describe('the uses of keys', () => {
  let nowMs = 0;
  let written: (readonly string[])[] = [];
  let warnings: string[] = [];
  let isAway = false;
  let timers: (() => void)[] = [];
  let uses: KeyUses;

  beforeEach(() => {
    [nowMs, written, warnings, isAway, timers] = [0, [], [], false, []];
    const query = async (_: string, [ids]: readonly (readonly string[])[]): Promise<[]> => {
      if (isAway) throw new Error('away');
      written.push(ids ?? []);
      return [];
    };
    const after = (_: number, callback: () => void) => {
      timers.push(callback);
      return () => undefined;
    };
    uses = new KeyUses({
      db: { query } as unknown as Database,
      clock: { elapsed: () => nowMs, after },
      logger: { warn: (message) => void warnings.push(message) },
    });
  });

  it('are written together', async () => {
    for (const id of ['apk_1', 'apk_2', 'apk_1']) uses.note(id);
    assert.equal(timers.length, 1);
    await uses.flush();
    assert.deepEqual(written, [['apk_1', 'apk_2']]);
  });

  it('are written once a minute, for each key', async () => {
    for (const at of [0, 30_000, 59_999, 60_000, 60_001]) {
      nowMs = at;
      uses.note('apk_1');
      await uses.flush();
    }
    assert.deepEqual(written, [['apk_1'], ['apk_1']]);
  });

  it('are left out while they cannot be written, and hold up nobody', async () => {
    isAway = true;
    uses.note('apk_1');
    await uses.flush();
    isAway = false;
    nowMs = 60_000;
    uses.note('apk_1');
    await uses[Symbol.asyncDispose]();
    assert.deepEqual([written, warnings.length], [[['apk_1']], 1]);
  });
});
