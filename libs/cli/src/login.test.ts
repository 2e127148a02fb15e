import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@ramet/pki';
import { openServiceTls, type TlsFiles } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import { API_KEY, loginOf, runIn, SILENT, startTestMesh } from './test-mesh.js';

describe('ramet login', () => {
  it('keeps the API key for its owner alone, and uses it from then on', async () => {
    await using mesh = await startTestMesh();
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const env = { RAMET_TEAMS: mesh.address };

    const login = await runIn(['login'], { home, env, input: `${API_KEY}\n` });
    const file = join(home, '.config', 'ramet', 'config.json');
    const { mode } = await stat(file);
    const used = await runIn(['users', 'get', '--json'], { home });

    assert.equal(login.exitCode, 0);
    assert.doesNotMatch(login.out + login.errors, new RegExp(API_KEY));
    assert.equal(mode & 0o777, 0o600);
    assert.ok((await readFile(file, 'utf8')).includes(API_KEY));
    assert.equal(used.exitCode, 0);
    assert.equal((JSON.parse(used.out) as { name: string }).name, 'ada');
    await rm(home, { recursive: true });
  });

  it('calls a mesh whose certificate --ca vouches for, and remembers whom to believe', async () => {
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const authority = await createAuthority('test', lifeFromNow());
    const issued = await authority.issue({ addresses: ['127.0.0.1'], ...lifeFromNow() });
    const [ca, publicCertFile, publicKeyFile] = ['ca', 'cert', 'key'].map((name) => {
      return join(home, `${name}.pem`);
    });
    await writeFile(ca ?? '', authority.certificate);
    await writeFile(publicCertFile ?? '', issued.certificate);
    await writeFile(publicKeyFile ?? '', issued.key);
    const files = { host: '127.0.0.1', publicCertFile, publicKeyFile } as TlsFiles;
    const ports = { clock: systemClock, logger: SILENT };
    using tls = openServiceTls(files, 'teams', ports);
    await using mesh = await startTestMesh({}, 0, tls.listening);
    const [teams, input] = [mesh.address, API_KEY];

    const plain = await runIn(['login'], { home, env: { RAMET_TEAMS: teams }, input });
    assert.notEqual(plain.exitCode, 0);
    const login = await runIn(['login', '--ca', ca ?? ''], {
      ...{ home, input, env: { RAMET_TEAMS: teams } },
    });
    assert.equal(login.exitCode, 0, login.errors);
    const used = await runIn(['users', 'get', '--json'], { home });
    assert.equal(used.exitCode, 0, used.errors);
    await rm(home, { recursive: true });
  });

  it('keeps nothing of a key that is refused', async () => {
    await using mesh = await startTestMesh();
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));

    const { exitCode } = await runIn(['login'], {
      home,
      env: { RAMET_TEAMS: mesh.address },
      input: 'wrong',
    });

    assert.equal(exitCode, 4);
    await assert.rejects(stat(join(home, '.config')), { code: 'ENOENT' });
    await rm(home, { recursive: true });
  });

  it('--session keeps a login in place of the API key, goes on with it, and ends it', async () => {
    const shown: string[] = [];
    let ended = 0;
    await using mesh = await startTestMesh({
      tokens: {
        async refreshToken({ refreshToken }) {
          shown.push(refreshToken);
          return loginOf(`r${shown.length + 1}`, shown.length === 1 ? 0 : 300);
        },
      },
      users: {
        async logout() {
          ended += 1;
          return {};
        },
      },
    });
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const file = join(home, '.config', 'ramet', 'config.json');
    const env = { RAMET_TEAMS: mesh.address };

    const login = await runIn(['login', '--session'], { home, env, input: `${API_KEY}\n` });
    const kept = await readFile(file, 'utf8');
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await runIn(['users', 'get'], { home })).exitCode, 0);
    }
    const logout = await runIn(['logout'], { home });

    assert.equal(login.exitCode, 0);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.doesNotMatch(kept.replace(`token of ${API_KEY}`, ''), new RegExp(API_KEY));
    assert.deepEqual(shown, ['r1', 'r2'], 'a token that lasts is used again');
    assert.equal(ended, 1);
    assert.match(logout.errors, /its login has ended/);
    assert.doesNotMatch(await readFile(file, 'utf8'), /r3/);
    await rm(home, { recursive: true });
  });

  it('refuses a config file that others may read', async () => {
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const file = join(home, 'config.json');
    await writeFile(file, '{"current":"","profiles":{}}', { mode: 0o644 });

    const { exitCode, errors } = await runIn(['whoami'], { home, env: { RAMET_CONFIG: file } });

    assert.equal(exitCode, 2);
    assert.match(errors, /chmod 600/);
    await rm(home, { recursive: true });
  });
});

describe('ramet inside a house with a running mesh', () => {
  it('finds its services and its credentials', async () => {
    await using mesh = await startTestMesh();
    const house = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const inside = join(house, 'services', 'teams');
    const credentials = join(house, '.ramet', 'credentials');
    await mkdir(inside, { recursive: true });
    await mkdir(credentials, { recursive: true });
    const ports = { teams: mesh.port, keys: mesh.port, lifecycle: mesh.port };
    await writeFile(join(house, '.ramet', 'mesh.json'), JSON.stringify({ ports }));
    await writeFile(join(credentials, 'user'), `${API_KEY}\n`);

    const known = await runIn(['--as', 'user', 'users', 'get'], { folder: inside });
    const unknown = await runIn(['--as', '../x', 'users', 'get'], { folder: inside });

    assert.equal(known.exitCode, 0);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.errors, /it has: user/);
    await rm(house, { recursive: true });
  });
});

function lifeFromNow() {
  return { notBefore: systemClock.now(), lifeMs: 60_000 };
}
