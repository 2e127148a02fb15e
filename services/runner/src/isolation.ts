/**
 * How a workload is kept apart from the mesh and from other workloads.
 *
 * `user`: a uid of its own, which needs root. `namespace`: a user, mount and process namespace
 * in which the `hidden` folders are empty. `shared`: not at all; for development only.
 */
export type Isolation =
  | { readonly mode: 'user'; readonly uid: number }
  | { readonly mode: 'namespace'; readonly hidden: readonly string[] }
  | { readonly mode: 'shared' };

/** What the kernel bounds for each process of a workload. */
export interface ProcessLimits {
  readonly processes: number;
  readonly openFiles: number;
  readonly fileBytes: number;
}

interface Wrapping {
  readonly isolation: Isolation;
  readonly limits: ProcessLimits;
  /** The workload's own folder, which stays visible where others are hidden. */
  readonly runFolder: string;
  /** The program that is process 1 of a namespace, with its arguments. */
  readonly init: readonly string[];
}

/** Ends the process when the runner does, even if the runner is killed. */
const DIE_WITH_PARENT = ['--pdeathsig', 'KILL'];
const NO_PRIVILEGES = ['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
const NEW_NAMESPACES = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--ipc'];
const NEW_MOUNTS = ['--mount', '--mount-proc'];

/**
 * Hides folders under empty ones, but keeps the workload's own, then becomes its command.
 *
 * Arguments: own folder, folders to hide, `--`, command. The own folder is held open while its
 * parent is covered, and bound back where it was.
 */
const HIDE = `set -e
own=$1; shift
exec 9<"$own"
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mount -t tmpfs -o size=16m,mode=1777 ramet "$1"; fi
  shift
done
shift
mkdir -p "$own"
mount --no-canonicalize --bind /proc/self/fd/9 "$own"
exec 9<&-
cd "$own/work"
exec "$@"`;

/** The command that runs another one apart, and ends it when the runner ends. */
export function isolated(command: readonly string[], wrapping: Wrapping): readonly string[] {
  const { isolation, runFolder, init } = wrapping;
  const limits = limited(wrapping.limits);
  switch (isolation.mode) {
    case 'user':
      return [...limits, 'setpriv', ...asUser(isolation.uid), ...DIE_WITH_PARENT, '--', ...command];
    case 'namespace':
      return [
        ...['setpriv', ...DIE_WITH_PARENT, '--'],
        ...['unshare', ...NEW_NAMESPACES, ...NEW_MOUNTS, '--'],
        ...['sh', '-c', HIDE, 'sh', runFolder, ...isolation.hidden, '--'],
        ...[...limits, 'setpriv', ...NO_PRIVILEGES, '--', ...init, ...command],
      ];
    case 'shared':
      return [...limits, 'setpriv', ...DIE_WITH_PARENT, '--', ...command];
  }
}

function asUser(uid: number): readonly string[] {
  return ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', ...NO_PRIVILEGES];
}

function limited({ processes, openFiles, fileBytes }: ProcessLimits): readonly string[] {
  const bounds = [`--nproc=${processes}`, `--nofile=${openFiles}`, `--fsize=${fileBytes}`];
  return ['prlimit', '--core=0', ...bounds, '--'];
}
