import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_SECRETS } from './config.js';
import { overrideVariables, writeOverrides } from './overrides.js';
import type { Override } from './setup.js';

const app = (name: string, value = 'x'): Override => ({ name, scope: 'app', value });

describe('overrides', () => {
  it('of the app become variables, unless their names mean something to others', () => {
    const free = ['COLOUR', 'colour_2', '_x', 'NODE_ENV', 'MY_PATH', 'LDAP_URL'];
    const taken = [
      ...['PATH', 'path', 'LD_PRELOAD', 'ld_preload', 'RAMET_SOCKET', 'NODE_OPTIONS', 'HOME'],
      ...['BASH_ENV', 'ENV', 'IFS', 'GLIBC_TUNABLES', 'LIBMOUNT_FSTAB', 'GCONV_PATH', 'LC_ALL'],
      ...['with.dot', 'with-dash', '2start'],
    ];
    const all = [...free, ...taken].map((name) => app(name));

    assert.deepEqual(Object.keys(overrideVariables(all)), free);
  });

  it('of the surroundings become no variables, and what does not fit does not', () => {
    const big = [1, 2, 3, 4, 5].map((n) => app(`big_${n}`, 'x'.repeat(65_000)));
    const around: Override = { name: 'REPLICAS', scope: 'environment', value: '2' };

    const names = Object.keys(overrideVariables([around, ...big, app('small')]));

    assert.deepEqual(names, ['big_1', 'big_2', 'big_3', 'big_4', 'small']);
  });

  it('are files for their user alone, values as they were, secret ones over public ones', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ramet-overrides-'));
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const value = 'a=b\n"quoted" \'so\' ünïcödé 🦊\r\n';
    const overrides = [app('PLAIN', value), app('BOTH', 'public'), app('hidden', '')];
    const secrets = { ...NO_SECRETS, overrides: [app('BOTH', 'secret')] };

    await writeOverrides(join(folder, 'config'), { overrides }, { secrets, uid });

    const read = (name: string) => readFile(join(folder, 'config', 'app', name), 'utf8');
    assert.deepEqual(
      [await read('PLAIN'), await read('BOTH'), await read('hidden')],
      [value, 'secret', ''],
    );
    const { mode, uid: owner } = await stat(join(folder, 'config', 'app', 'BOTH'));
    assert.deepEqual([mode & 0o777, owner], [0o400, uid ?? process.getuid?.()]);
    assert.equal((await stat(join(folder, 'config'))).mode & 0o077, 0);
    await rm(folder, { recursive: true });
  });

  it('never lead out of their folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ramet-overrides-'));
    const secrets = { ...NO_SECRETS, overrides: [app('../../escaped')] };
    const writing = writeOverrides(
      join(folder, 'config'),
      { overrides: [] },
      { secrets, uid: undefined },
    );

    await assert.rejects(writing, /not the name of an override/);
    await rm(folder, { recursive: true });
  });
});
