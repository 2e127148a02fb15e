import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Scope } from '@ramet/service';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** A replica in a process of its own, which nobody calls. */
export interface KeysProcess extends AsyncDisposable {
  /** Has the process killed when it comes to a failpoint. */
  arm(failpoint: string): void;
  /** Gives other key-encryption keys, the newest first. */
  giveKeks(...keks: readonly Buffer[]): void;
  /** Starts the process, again if it has ended. Its output is to be read, or to be let go. */
  start(more?: { readonly flags?: readonly string[] }): ChildProcess;
}

/** Prepares a replica in a process of its own. */
export function keysProcess(databaseUrl: string): KeysProcess {
  const scope = new Scope();
  const folder = mkdtempSync(join(tmpdir(), 'ramet-keys-'));
  scope.defer(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('service-key'), 'of the service', { mode: 0o600 });
  const env = {
    DATABASE_URL: databaseUrl,
    TEAMS_ADDRESS: '127.0.0.1:1',
    LIFECYCLE_ADDRESS: '127.0.0.1:1',
    SERVICE_KEY_FILE: path('service-key'),
    KEK_FILE: path('kek'),
    FAILPOINTS_DIR: folder,
    LOG_LEVEL: 'info',
  };
  return {
    arm: (failpoint) => writeFileSync(path(failpoint), ''),
    giveKeks(...keks) {
      writeFileSync(path('next'), Buffer.concat(keks), { mode: 0o600 });
      renameSync(path('next'), path('kek'));
    },
    start({ flags = [] } = {}) {
      const argv = ['--enable-source-maps', ...flags, MAIN];
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      // Its own folder: what flags have node write goes with it.
      const child = spawn(process.execPath, argv, { env, stdio: [...stdio], cwd: folder });
      scope.defer(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      return child;
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}
