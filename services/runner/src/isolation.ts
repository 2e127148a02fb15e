import type { StorageMounts } from './config.js';

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
  /** The clone's storage, where a namespace has to show it. */
  readonly mounts?: StorageMounts | undefined;
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
 * Arguments: own folder, storage (may be empty), what of it may be written to, `--`, folders to
 * hide, `--`, command. The own folder and the storage are held open while what they lie in is
 * covered, and bound back where they were; but for what may be written to, the storage is bound so
 * that it cannot be. Flags of the mount that it comes from may not be dropped: they are said again
 * where the kernel asks for that.
 */
const HIDE = `set -e
own=$1; storage=$2; shift 2
writable=
while [ "$1" != -- ]; do writable="$writable $1"; shift; done
shift
exec 9<"$own"
if [ -n "$storage" ]; then exec 8<"$storage"; fi
seal() {
  mount -o remount,bind,ro "$1" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev "$1" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev,noexec "$1"
}
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mount -t tmpfs -o size=16m,mode=1777 ramet "$1"; fi
  shift
done
shift
mkdir -p "$own"
mount --no-canonicalize --bind /proc/self/fd/9 "$own"
exec 9<&-
if [ -n "$storage" ]; then
  mkdir -p "$storage"
  mount --no-canonicalize --bind /proc/self/fd/8 "$storage"
  for part in $writable; do
    mount --no-canonicalize --bind "/proc/self/fd/8/$part" "$storage/$part"
  done
  seal "$storage"
  exec 8<&-
fi
cd "$own/work"
exec "$@"`;

/** The command that runs another one apart, and ends it when the runner ends. */
export function isolated(command: readonly string[], wrapping: Wrapping): readonly string[] {
  const { isolation, runFolder, init, mounts } = wrapping;
  const limits = limited(wrapping.limits);
  switch (isolation.mode) {
    case 'user':
      return [...limits, 'setpriv', ...asUser(isolation.uid), ...DIE_WITH_PARENT, '--', ...command];
    case 'namespace':
      return [
        ...['setpriv', ...DIE_WITH_PARENT, '--'],
        ...['unshare', ...NEW_NAMESPACES, ...NEW_MOUNTS, '--'],
        ...['sh', '-c', HIDE, 'sh', runFolder],
        ...[mounts?.folder ?? '', ...(mounts?.writable ?? []), '--', ...isolation.hidden, '--'],
        ...[...limits, 'setpriv', ...NO_PRIVILEGES, '--', ...init, ...command],
      ];
    case 'shared':
      return [...limits, 'setpriv', ...DIE_WITH_PARENT, '--', ...command];
  }
}

/** Where a running workload is, for another command to go there. */
export interface Place {
  readonly workFolder: string;
  /** The process 1 of its namespace, if it has one. */
  readonly init: number | undefined;
}

const ENTER = 'cd "$1"; shift; exec "$@"';

/**
 * The command that runs another one where a workload runs already, with no more privileges.
 *
 * None if it has no place yet. Its namespaces may be entered by whoever made them.
 */
export function beside(
  command: readonly string[],
  { isolation, limits, place }: Pick<Wrapping, 'isolation' | 'limits'> & { readonly place: Place },
): readonly string[] | undefined {
  if (isolation.mode !== 'namespace') {
    return isolated(command, { isolation, limits, runFolder: '', init: [] });
  }
  if (place.init === undefined) return undefined;
  const enter = ['--user', '--mount', '--pid', '--ipc', '--preserve-credentials'];
  return [
    ...['setpriv', ...DIE_WITH_PARENT, '--'],
    ...['nsenter', '--target', `${place.init}`, ...enter, '--'],
    ...['sh', '-c', ENTER, 'sh', place.workFolder],
    ...[...limited(limits), 'setpriv', ...NO_PRIVILEGES, ...DIE_WITH_PARENT, '--', ...command],
  ];
}

function asUser(uid: number): readonly string[] {
  return ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', ...NO_PRIVILEGES];
}

function limited({ processes, openFiles, fileBytes }: ProcessLimits): readonly string[] {
  const bounds = [`--nproc=${processes}`, `--nofile=${openFiles}`, `--fsize=${fileBytes}`];
  return ['prlimit', '--core=0', ...bounds, '--'];
}
