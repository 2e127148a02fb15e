import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@ramet/service';
import pg from 'pg';
import { type Layout, layoutOf, SERVICES } from './layout.js';
import { AlreadyRunning } from './lock.js';
import { type Mesh, type MeshOptions, startMesh } from './mesh.js';
import { processesMarked } from './proc.js';
import { MARK } from './service-env.js';
import { type TestFolder, testFolder, testNats } from './testing/folder.js';

const STAND_IN = fileURLToPath(new URL('./testing/stand-in.js', import.meta.url));

// Goal: what a launcher promises of any services.
// Method: the real database and bus, and a stand-in for each service that only says it serves.

describe('a mesh', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it('is started again on the same ports, and finds its data', async () => {
    const first = await startMesh(optionsIn(folder));
    const { endpoints } = first;
    await ask(first.stores.adminUrl, 'create table note as select 1 as one');
    assert.deepEqual(await first.stop(), []);
    await using again = await startMesh(optionsIn(folder));

    assert.deepEqual(again.endpoints, endpoints);
    assert.deepEqual(await ask(again.stores.adminUrl, 'select one from note'), [{ one: 1 }]);
  });

  it('starts a service again that was killed, and not one that was stopped', async () => {
    await using mesh = await startMesh(optionsIn(folder));
    const first = mesh.service('keys').pid;

    await mesh.service('keys').kill('SIGKILL');
    await mesh.service('keys').whenServing();
    await mesh.service('teams').stop();

    assert.notEqual(mesh.service('keys').pid, first);
    assert.equal(mesh.service('teams').pid, undefined);
    await mesh.service('teams').start();
    assert.notEqual(mesh.service('teams').pid, undefined);
  });

  it('refuses a second launcher in its folder', async () => {
    await using _mesh = await startMesh(optionsIn(folder));

    await assert.rejects(startMesh(optionsIn(folder)), AlreadyRunning);
  });

  it('lives beside another one', async () => {
    using other = testFolder();
    await using one = await startMesh(optionsIn(folder));
    await using two = await startMesh(optionsIn(other));

    const addresses = [one, two].flatMap(({ endpoints }) => Object.values(endpoints));
    assert.equal(new Set(addresses.map(({ address }) => address)).size, 8);
  });

  it('keeps each service out of the rooms of the others', async () => {
    await using mesh = await startMesh(optionsIn(folder));
    const keys = roleUrl(mesh, 'keys');
    await ask(keys, 'create table keys.secret (value text)');

    await assert.rejects(ask(roleUrl(mesh, 'teams'), 'select * from keys.secret'), {
      code: '42501',
    });
    await assert.rejects(ask(roleUrl(mesh, 'teams'), 'create table public.mine ()'));
  });

  it('leaves nothing running, and says what somebody else left', async () => {
    const settings = { keys: { LEAVES_A_PROCESS: 'true' } };
    const mesh = await startMesh({ ...optionsIn(folder), settings });

    const left = await mesh.stop();

    assert.deepEqual(
      left.map(({ commandLine }) => commandLine),
      ['sleep 1000'],
    );
    assert.deepEqual(processesMarked(MARK, mesh.layout.state), []);
  });

  it('ends with its launcher, however that ends, and starts again', async () => {
    const { layout } = await startInKilledProcess(optionsIn(folder));
    await gone(layout);
    await using mesh = await startMesh(optionsIn(folder));

    assert.notEqual(mesh.service('executor').pid, undefined);
  });

  it('stops what it started when a service does not start', async () => {
    const programs = { ...optionsIn(folder).programs, keys: join(folder.path, 'missing.js') };

    await assert.rejects(startMesh({ ...optionsIn(folder), programs }), /keys ended at its start/);

    assert.deepEqual(processesMarked(MARK, layoutOf(folder.path).state), []);
  });

  it('keeps its secrets to its owner, and out of arguments and logs', async () => {
    await using mesh = await startMesh(optionsIn(folder));
    const files = filesIn(mesh.layout.secrets);
    const secrets = files.map((file) => readFileSync(file));
    const commandLines = processesMarked(MARK, mesh.layout.state).map((seen) => seen.commandLine);
    const written = [...filesIn(mesh.layout.logs).map(readText), ...commandLines].join('\n');

    assert.equal(statSync(mesh.layout.secrets).mode & 0o777, 0o700);
    for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600);
    for (const secret of secrets) assert.ok(!written.includes(secret.toString('latin1')));
  });

  it('uses the servers that it is given', async () => {
    using other = testFolder();
    await using lender = await startMesh(optionsIn(other));
    const given = {
      databaseUrl: lender.stores.adminUrl.replace(/ramet$/, 'borrowed'),
      natsUrl: lender.stores.natsUrl,
      natsTokenFile: join(lender.layout.secrets, 'nats'),
    };
    await using mesh = await startMesh({ ...optionsIn(folder), given });

    assert.equal(mesh.stores.postgres, undefined);
    assert.equal(mesh.stores.natsUrl, lender.stores.natsUrl);
    assert.match(mesh.stores.databaseUrl('keys'), /borrowed_keys@.*\/borrowed$/);
    assert.deepEqual(await ask(roleUrl(mesh, 'keys'), 'select 1 as one'), [{ one: 1 }]);
  });
});

function optionsIn(folder: TestFolder): MeshOptions {
  return {
    stateDir: folder.path,
    given: { natsProgram: testNats() },
    programs: Object.fromEntries(SERVICES.map((name) => [name, STAND_IN])),
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    durable: false,
  };
}

function roleUrl({ stores, layout }: Mesh, service: 'keys' | 'teams'): string {
  const url = new URL(stores.databaseUrl(service));
  url.password = readText(join(layout.secrets, 'database', service));
  return url.href;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function startInKilledProcess(options: MeshOptions): Promise<{ readonly layout: Layout }> {
  const script = `
    import { startMesh } from ${JSON.stringify(new URL('./mesh.js', import.meta.url).href)};
    const { layout } = await startMesh(${JSON.stringify(options)});
    console.log('up');
    setInterval(() => {}, 1000);
  `;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(launcher.stdout, 'data');
  const layout = layoutOf(options.stateDir);
  assert.equal(processesMarked(MARK, layout.state).length > SERVICES.length, true);
  launcher.kill('SIGKILL');
  await once(launcher, 'exit');
  return { layout };
}

async function gone({ state }: Layout): Promise<void> {
  for (let i = 0; i < 500 && processesMarked(MARK, state).length > 0; i += 1) {
    await systemClock.sleep(10);
  }
  assert.deepEqual(processesMarked(MARK, state), []);
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function readText(file: string): string {
  return readFileSync(file, 'utf8');
}
