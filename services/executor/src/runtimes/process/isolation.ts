import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** How workloads are kept apart: by users, by namespaces, or not at all. */
export type IsolationMode = 'user' | 'namespace' | 'shared';

const run = promisify(execFile);
const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const UNSHARE = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--ipc'];
const MOUNTS = ['--mount', '--mount-proc'];

/**
 * Tries what this machine lets us do, best first.
 *
 * Throws if workloads would run as the user of the mesh, where they could read its secrets,
 * unless that is allowed expressly.
 */
export async function chooseIsolation(allowShared: boolean): Promise<IsolationMode> {
  if (process.getuid?.() === 0 && (await works('setpriv', [...NOBODY, '--', 'true'])))
    return 'user';

  const hide = ['sh', '-c', 'mount -t tmpfs -o size=4k ramet /tmp'];
  if (await works('unshare', [...UNSHARE, ...MOUNTS, '--', ...hide])) return 'namespace';

  if (allowShared) return 'shared';
  throw new Error(
    'workloads cannot be kept apart here: neither users nor namespaces can be had. ' +
      'For development alone, INSECURE_SHARED_USER=true (--insecure-shared-user) runs them anyway',
  );
}

async function works(program: string, parameters: readonly string[]): Promise<boolean> {
  try {
    await run(program, parameters);
    return true;
  } catch {
    return false;
  }
}
