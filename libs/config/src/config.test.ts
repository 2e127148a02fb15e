import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { flag, integer, oneOf, readConfig, type Secret, secretFile, text } from './index.js';

const SETTINGS = {
  host: { env: 'HOST', parse: text, default: '127.0.0.1' },
  port: { env: 'PORT', parse: integer },
  level: { env: 'LEVEL', parse: oneOf('info', 'debug'), default: 'info' as const },
  insecure: { env: 'INSECURE', parse: flag, default: false },
  key: { env: 'KEY_FILE', parse: secretFile, default: undefined },
};

describe('readConfig', () => {
  it('reads what is set and takes the defaults of the rest', () => {
    const { host, port, level, insecure } = readConfig({ PORT: '50051', INSECURE: '1' }, SETTINGS);

    assert.deepEqual([host, port, level, insecure], ['127.0.0.1', 50_051, 'info', true]);
  });

  it('takes an empty variable for one that is not set', () => {
    assert.equal(readConfig({ PORT: '1', HOST: '' }, SETTINGS).host, '127.0.0.1');
  });

  it('lists everything that is wrong at once', () => {
    assert.throws(
      () => readConfig({ LEVEL: 'loud', INSECURE: 'maybe' }, SETTINGS),
      /PORT is required\n.*LEVEL must be one of info, debug, not "loud"\n.*INSECURE must be true/,
    );
  });

  for (const port of ['-1', '1.5', '0x10', ' 1', '1e3', '99999999999999999999']) {
    it(`refuses ${JSON.stringify(port)} for a number`, () => {
      assert.throws(() => readConfig({ PORT: port }, SETTINGS), /PORT (must be|is too large)/);
    });
  }
});

describe('a secret', () => {
  it('is read from a file, without the line end', () => {
    withFile('hush\n', (secret) => assert.equal(secret.text(), 'hush'));
  });

  it('does not show in text, JSON or inspection', () => {
    withFile('hush', (secret) => {
      const shown = `${secret} ${JSON.stringify({ secret })} ${inspect({ secret })}`;
      assert.ok(!shown.includes('hush'), shown);
    });
  });

  it('is not read from an empty or a missing file, whose name is told', () => {
    for (const blank of ['', '\n', ' \r\n']) {
      assert.throws(() => withFile(blank, () => undefined), /KEY_FILE names an empty file/);
    }
    const missing = { PORT: '1', KEY_FILE: '/nowhere/at/all' };
    assert.throws(() => readConfig(missing, SETTINGS), /KEY_FILE .*\/nowhere\/at\/all/);
  });
});

function withFile(content: string, use: (secret: Secret) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-config-'));
  try {
    const path = join(folder, 'key');
    writeFileSync(path, content);
    const { key } = readConfig({ PORT: '1', KEY_FILE: path }, SETTINGS);
    assert.ok(key);
    use(key);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
