import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '@ramet/service';
import pg from 'pg';
import { freePort } from './ports.js';
import { findPostgres, type PostgresBinaries } from './postgres-binaries.js';
import { endAll, processesIn } from './proc.js';
import { type Command, dieWithParent, type Exit, startProcess } from './process.js';
import { keptSecret, privateFolder, writePrivate } from './secrets.js';
import { Supervised } from './supervised.js';

export interface PostgresOptions {
  /** Where the data is kept. Made if missing; only one server may use it at a time. */
  readonly folder: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** A free one by default. */
  readonly port?: number;
  /** The folder of the programs, as `PG_BIN` names it. */
  readonly pgBin?: string;
  /** False for tests: faster, and a crash of the machine may lose what was committed. */
  readonly durable?: boolean;
  readonly restart?: boolean;
  /** The environment of the server, such as a mark to find it by. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  onUnasked?(name: string, exit: Exit): void;
}

/** A PostgreSQL server of our own, for as long as we live. */
export interface Postgres extends AsyncDisposable {
  readonly port: number;
  readonly process: Supervised;
  /** The address of a database for the superuser, with the password in it: never print it. */
  adminUrl(database: string): string;
  /** The address of a database for a role, without a password. */
  url(database: string, role: string): string;
}

const SUPERUSER = 'postgres';
const NOBODY = 65_534;
const STALE_MS = 10_000;
const READY_MS = 90_000;
const GRACE_MS = 15_000;

/**
 * Starts a server on the loopback interface and waits until it serves.
 *
 * Every connection needs a password (scram-sha-256). A server that was left behind in the same
 * folder is stopped first. The kernel stops this one when we die, even by SIGKILL.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const clock = options.clock ?? systemClock;
  const binaries = await findPostgres(options.pgBin);
  const as = identity();
  const folder = privateFolder(resolve(options.folder));
  const password = keptSecret(options.passwordFile).toString();
  const data = join(folder, 'data');
  if (as.uid !== undefined) handOver(folder, as.uid);

  await endLeftOver(data, clock);
  if (!existsSync(join(data, 'PG_VERSION'))) initialize({ binaries, as, folder, password });
  requireVersion(data, binaries);

  const port = options.port ?? (await freePort());
  const adminUrl = (database: string): string => {
    return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  };
  const process = new Supervised({
    name: 'postgres',
    logFile: options.logFile,
    clock,
    stopSignal: 'SIGINT',
    graceMs: GRACE_MS,
    readyMs: READY_MS,
    restart: options.restart ?? false,
    async launch() {
      await endLeftOver(data, clock);
      return startProcess(serverCommand({ binaries, as, data, port, options }));
    },
    isServing: () => answers(adminUrl('postgres')),
    ...(options.onUnasked && { onUnasked: options.onUnasked }),
  });
  try {
    await process.start();
  } catch (thrown) {
    await process.stop();
    throw thrown;
  }
  return {
    port,
    process,
    adminUrl,
    url: (database, role) => `postgres://${role}@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** Whom the server runs as: it refuses to be root. */
interface Identity {
  readonly wrap: readonly string[];
  readonly uid?: number;
}

/**
 * As root, a user namespace maps us to nobody: files stay root's, and private trees work.
 * Where that is refused the server changes to nobody; anybody else runs it as themselves.
 */
function identity(): Identity {
  if (process.getuid?.() !== 0) return { wrap: [] };
  const [program, ...args] = ['unshare', '-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  if (program && spawnSync(program, [...args, 'true']).status === 0) {
    return { wrap: [program, ...args] };
  }
  return { wrap: [], uid: NOBODY };
}

/** Gives the folder to the server's user, who must be able to pass through all above it. */
function handOver(folder: string, uid: number): void {
  chownSync(folder, uid, uid);
  chmodSync(dirname(folder), 0o711);
  const { status } = spawnSync('test', ['-w', folder], { uid, gid: uid });
  if (status !== 0) {
    throw new Error(
      `PostgreSQL cannot run as root, and user ${uid} cannot reach ${folder}: ` +
        'use a state folder that others can pass to, or DATABASE_URL',
    );
  }
}

interface Initialization {
  readonly binaries: PostgresBinaries;
  readonly as: Identity;
  readonly folder: string;
  readonly password: string;
}

/** Makes the data folder under another name first, so that a half-made one is never used. */
function initialize({ binaries, as, folder, password }: Initialization): void {
  const unfinished = join(folder, 'data.new');
  const passwordFile = join(folder, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  writePrivate(passwordFile, password);
  try {
    if (as.uid !== undefined) chownSync(passwordFile, as.uid, as.uid);
    const [program = '', ...args] = [
      ...[...as.wrap, join(binaries.folder, 'initdb'), '-D', unfinished],
      ...['-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
      ...['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
    ];
    const made = spawnSync(program, args, {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      ...(as.uid !== undefined && { uid: as.uid, gid: as.uid }),
    });
    if (made.status !== 0) {
      throw new Error(`cannot make a database in ${folder}: ${made.stderr || String(made.error)}`);
    }
    renameSync(unfinished, join(folder, 'data'));
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function requireVersion(data: string, { major, folder }: PostgresBinaries): void {
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (made !== major) {
    throw new Error(
      `${data} was made by PostgreSQL ${made}, and ${folder} is ${major}: set PG_BIN, or reset`,
    );
  }
}

interface Server {
  readonly binaries: PostgresBinaries;
  readonly as: Identity;
  readonly data: string;
  readonly port: number;
  readonly options: PostgresOptions;
}

function serverCommand({ binaries, as, data, port, options }: Server): Command {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'autovacuum_naptime=5s',
    'jit=off',
    ...(binaries.countsStatements ? ['shared_preload_libraries=pg_stat_statements'] : []),
    ...(options.durable === false ? ['fsync=off', 'full_page_writes=off'] : []),
  ];
  const guard = dieWithParent('INT');
  const server = [join(binaries.folder, 'postgres'), '-D', data, '-p', String(port)];
  return {
    argv: [...as.wrap, ...guard, ...server, ...settings.flatMap((setting) => ['-c', setting])],
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin', ...options.env },
    logFile: options.logFile,
    cwd: data,
    ...(as.uid !== undefined && { uid: as.uid, gid: as.uid }),
  };
}

/**
 * Ends the server, and whatever is left of it, that a killed launcher left in this data folder.
 *
 * The note of its pid is removed only when no process works in the folder: a pid used again by
 * a stranger must not keep the server from starting.
 */
async function endLeftOver(data: string, clock: Clock): Promise<void> {
  const note = join(data, 'postmaster.pid');
  if (process.platform !== 'linux' || !existsSync(note)) return;
  const here = () => processesIn(data);
  const left = await endAll(here, 'SIGINT', { clock, withinMs: STALE_MS });
  if (left.length > 0) await endAll(here, 'SIGKILL', { clock, withinMs: STALE_MS });
  if (here().length === 0) rmSync(note, { force: true });
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
