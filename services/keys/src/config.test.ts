import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFrom } from './config.js';

describe('the settings of keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-keys-'));

  after(() => rmSync(folder, { recursive: true }));

  it('take a file or a program for the key-encryption keys, and not both', () => {
    const argv = ['/usr/bin/kek', '--of', 'a mesh'];
    assert.equal(configFrom(envWith({ KEK_FILE: '/kek' })).kekFile, '/kek');
    const program = configFrom(envWith({ KEK_COMMAND: JSON.stringify(argv) }));
    assert.deepEqual(program.kekCommand, argv);
    for (const env of [{}, { KEK_FILE: '/kek', KEK_COMMAND: '["kek"]' }]) {
      assert.throws(() => configFrom(envWith(env)), /exactly one of KEK_FILE and KEK_COMMAND/);
    }
  });

  for (const command of ['kek', '"kek"', '[]', '["kek", 1]', '["kek", ""]', '{"0":"kek"}']) {
    it(`refuse ${command} for a program`, () => {
      assert.throws(
        () => configFrom(envWith({ KEK_COMMAND: command })),
        /KEK_COMMAND must be a JSON/,
      );
    });
  }

  it('are refused all at once', () => {
    assert.throws(() => configFrom({}), /DATABASE_URL.*TEAMS_ADDRESS.*SERVICE_KEY_FILE/s);
  });

  function envWith(env: Readonly<Record<string, string>>): Record<string, string> {
    const key = join(folder, 'service-key');
    writeFileSync(key, 'of the service', { mode: 0o600 });
    return {
      DATABASE_URL: 'postgres://keys@127.0.0.1/ramet',
      TEAMS_ADDRESS: '127.0.0.1:1',
      LIFECYCLE_ADDRESS: '127.0.0.1:2',
      SERVICE_KEY_FILE: key,
      ...env,
    };
  }
});
