import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fastFolder, findNats, startNats, startPostgres } from '@ramet/local/engines';
import { Scope } from '@ramet/service';

/** Where a NATS program that had to be fetched is kept between runs: beside the mesh's own. */
const CACHE = fileURLToPath(new URL('../../../.ramet/bin', import.meta.url));
const PREFIX = 'ramet-test-';

/**
 * Starts one PostgreSQL and one NATS server for a whole run of tests.
 *
 * Their addresses are in TEST_DATABASE_URL (the superuser's, with the password), TEST_NATS_URL,
 * TEST_NATS_TOKEN and TEST_NATS_BIN. Where these are set already, those servers are used. The
 * data is thrown away at the end; that of a run that was killed, at the start of the next. What
 * tests put into a temporary folder is in memory too, unless TMPDIR says where.
 */
export async function startEngines(): Promise<AsyncDisposable> {
  await using scope = new Scope();
  const env = process.env;
  const parent = fastFolder();
  env.TMPDIR ??= parent;
  removeAbandoned(parent);
  const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  const kept = {
    ...(env.TEST_DATABASE_URL === undefined && { postgres: postgresIn(folder, env.PG_BIN) }),
    ...(env.TEST_NATS_URL === undefined && { nats: natsIn(folder) }),
  };
  const [postgres, nats] = await Promise.all([kept.postgres, kept.nats]);
  if (postgres) env.TEST_DATABASE_URL = scope.use(postgres).adminUrl('postgres');
  if (nats) {
    env.TEST_NATS_URL = scope.use(nats).url;
    env.TEST_NATS_TOKEN = nats.token;
  }
  return scope.move();
}

function postgresIn(folder: string, pgBin: string | undefined) {
  return startPostgres({
    folder: join(folder, 'postgres'),
    passwordFile: join(folder, 'postgres-password'),
    logFile: join(folder, 'postgres.log'),
    durable: false,
    ...(pgBin !== undefined && { pgBin }),
  });
}

function natsIn(folder: string) {
  const { NATS_SERVER_BIN, PATH } = process.env;
  const program = findNats({ program: NATS_SERVER_BIN, path: PATH, cache: CACHE });
  process.env.TEST_NATS_BIN = program;
  return startNats({
    program,
    folder: join(folder, 'nats'),
    tokenFile: join(folder, 'nats-token'),
    logFile: join(folder, 'nats.log'),
  });
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
