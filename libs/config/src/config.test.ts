import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  flag,
  integer,
  oneOf,
  readConfig,
  type Secret,
  secretFile,
  TLS_SETTINGS,
  text,
  wholeTls,
} from './index.js';

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

describe('settings of certificates (T31)', () => {
  const MESH = {
    TLS_CERT_FILE: 'cert.pem',
    TLS_KEY_FILE: 'key.pem',
    TLS_CA_FILE: 'ca.pem',
    TRUST_DOMAIN: 'example.org',
  };
  const PUBLIC = { PUBLIC_CERT_FILE: 'cert.pem', PUBLIC_KEY_FILE: 'key.pem' };
  const read = (env: Readonly<Record<string, string>>) => wholeTls(readConfig(env, TLS_SETTINGS));

  it('are taken whole, or not at all', () => {
    assert.equal(read({}).tlsCertFile, '');
    assert.equal(read(MESH).trustDomain, 'example.org');
    assert.equal(read({ ...MESH, ...PUBLIC, MESH_PORT: '5001' }).meshPort, 5001);
  });

  for (const missing of Object.keys(MESH)) {
    it(`are refused without ${missing}`, () => {
      const env = { ...MESH, [missing]: '' };
      assert.throws(() => read(env), new RegExp(`${missing} is required beside [A-Z_]+$`));
    });
  }

  for (const missing of Object.keys(PUBLIC)) {
    it(`are refused without ${missing}`, () => {
      assert.throws(() => read({ ...PUBLIC, [missing]: '' }), new RegExp(`${missing} is required`));
    });
  }

  it('are refused where there is a place for the mesh and no certificate', () => {
    assert.throws(() => read({ MESH_PORT: '5001' }), /TLS_CERT_FILE is required beside MESH_PORT/);
    assert.throws(() => read({ MESH_HOST: '0.0.0.0' }), /TRUST_DOMAIN is required/);
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
