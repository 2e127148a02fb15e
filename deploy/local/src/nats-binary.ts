import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface NatsSearch {
  /** The program itself, as `NATS_SERVER_BIN` names it. */
  readonly program?: string | undefined;
  /** Where to look for it, as `PATH` names it. */
  readonly path?: string | undefined;
  /** Where a program that had to be fetched is kept. */
  readonly cache: string;
}

const NAME = 'nats-server';

/**
 * Finds the program of a NATS server, and fetches it when the machine has none.
 *
 * Debian's package is unpacked into the cache: that needs no root and starts no unit. On macOS
 * Homebrew installs it. Throws, saying what to do, when neither works.
 */
export function findNats({ program, path, cache }: NatsSearch): string {
  if (program !== undefined) return program;
  const folders = [...(path ?? '').split(delimiter).filter(Boolean), cache];
  const found = folders.map((folder) => join(folder, NAME)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const fetched = process.platform === 'darwin' ? fromHomebrew() : fromDebian(cache);
  if (fetched !== undefined) return fetched;
  throw new Error(`no ${NAME}: install it, or set NATS_SERVER_BIN to it, or NATS_URL to a server`);
}

function fromDebian(cache: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ramet-nats-'));
  try {
    const download = (): boolean => run('apt-get', ['download', '-q', NAME], folder).status === 0;
    if (!download()) {
      run('apt-get', ['update', '-q'], folder);
      if (!download()) return undefined;
    }
    const packed = readdirSync(folder).find((file) => file.endsWith('.deb'));
    if (packed === undefined) return undefined;
    if (run('dpkg', ['-x', packed, 'unpacked'], folder).status !== 0) return undefined;
    return keep(join(folder, 'unpacked/usr/sbin', NAME), join(folder, 'unpacked/usr/bin', NAME), {
      cache,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts the program into the cache in one step, so that two who fetch it do not collide. */
function keep(first: string, second: string, { cache }: { readonly cache: string }): string {
  mkdirSync(cache, { recursive: true });
  const part = join(cache, `${NAME}.${process.pid}`);
  copyFileSync(existsSync(first) ? first : second, part);
  chmodSync(part, 0o755);
  renameSync(part, join(cache, NAME));
  return join(cache, NAME);
}

function fromHomebrew(): string | undefined {
  if (run('brew', ['install', '-q', NAME], tmpdir()).status !== 0) return undefined;
  const prefix = run('brew', ['--prefix', NAME], tmpdir()).stdout.trim();
  return join(prefix, 'bin', NAME);
}

function run(program: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(program, args, { cwd, encoding: 'utf8' });
}
