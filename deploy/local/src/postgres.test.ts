import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@ramet/service';
import pg from 'pg';
import { type Postgres, type PostgresOptions, startPostgres } from './postgres.js';
import { startOf } from './proc.js';
import { testFolder } from './testing/folder.js';

describe('a PostgreSQL of our own', () => {
  it('finds its data when it is started again', async () => {
    using folder = testFolder();
    {
      await using postgres = await startPostgres(optionsIn(folder.path));
      await ask(postgres, 'create table note as select 1 as one');
    }
    await using postgres = await startPostgres(optionsIn(folder.path));

    assert.deepEqual(await ask(postgres, 'select one from note'), [{ one: 1 }]);
  });

  it('refuses whoever has no password or another one', async () => {
    using folder = testFolder();
    await using postgres = await startPostgres(optionsIn(folder.path));
    const without = new pg.Client({ connectionString: postgres.url('postgres', 'postgres') });
    const wrong = new pg.Client(postgres.url('postgres', 'postgres:wrong'));

    await assert.rejects(without.connect());
    await assert.rejects(wrong.connect(), { code: '28P01' });
  });

  it('keeps its password in a file of ours alone, and out of its arguments', async () => {
    using folder = testFolder();
    await using postgres = await startPostgres(optionsIn(folder.path));
    const file = join(folder.path, 'password');

    assert.equal(statSync(file).mode & 0o777, 0o600);
    const commandLine = readFileSync(`/proc/${String(postgres.process.pid)}/cmdline`, 'utf8');
    assert.ok(!commandLine.includes(readFileSync(file, 'utf8')));
  });

  it('comes back after it was killed, where that is asked for', async () => {
    using folder = testFolder();
    const options = { ...optionsIn(folder.path), restart: true };
    await using postgres = await startPostgres(options);
    const first = postgres.process.pid;

    await postgres.process.kill('SIGKILL');
    await postgres.process.whenServing();

    assert.notEqual(postgres.process.pid, first);
    assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  });

  it('ends when its launcher is killed, and the next one starts', async () => {
    using folder = testFolder();
    const pid = await startInKilledProcess(optionsIn(folder.path));

    await using postgres = await startPostgres(optionsIn(folder.path));

    assert.equal(startOf(pid), undefined);
    assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  });

  it('starts though the pid in its old note belongs to a stranger', async () => {
    using folder = testFolder();
    await using abandoned = await startPostgres(optionsIn(folder.path));
    await abandoned.process.kill('SIGKILL');

    await using postgres = await startPostgres(optionsIn(folder.path));

    assert.deepEqual(await ask(postgres, 'select 1 as one'), [{ one: 1 }]);
  });
});

function optionsIn(folder: string): PostgresOptions {
  return {
    folder: join(folder, 'postgres'),
    passwordFile: join(folder, 'password'),
    logFile: join(folder, 'postgres.log'),
    durable: false,
  };
}

async function ask(postgres: Postgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client(postgres.adminUrl('postgres'));
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server in another process and kills that process. Returns the server's pid. */
async function startInKilledProcess(options: PostgresOptions): Promise<number> {
  const script = `
    import { startPostgres } from ${JSON.stringify(new URL('./postgres.js', import.meta.url).href)};
    const postgres = await startPostgres(${JSON.stringify(options)});
    console.log(postgres.process.pid);
    setInterval(() => {}, 1000);
  `;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(launcher.stdout, 'data');
  launcher.kill('SIGKILL');
  await once(launcher, 'exit');
  const pid = Number(String(said));
  for (let i = 0; i < 500 && startOf(pid) !== undefined; i += 1) await systemClock.sleep(10);
  return pid;
}
