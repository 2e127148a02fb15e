import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Override, Secrets, WorkloadSetup } from './setup.js';

/** How much of the public overrides the environment of a process takes. */
const ENVIRONMENT_BYTES = 256 * 1024;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const SCOPES = ['app', 'environment'] as const;

/**
 * Names that mean something to the programs that take privileges away before the workload runs, or
 * that are said by the mesh. They are never set from an override, which is in its file all the same.
 */
const RESERVED_PREFIXES = [
  'RAMET_',
  'LD_',
  'DYLD_',
  'LC_',
  'MALLOC_',
  'BASH',
  'LIBMOUNT_',
  'LIBBLKID_',
];
const RESERVED: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'PWD', 'OLDPWD', 'SHELL', 'USER', 'LOGNAME', 'LANG', 'LANGUAGE', 'TMPDIR'],
  ...['ENV', 'IFS', 'CDPATH', 'SHELLOPTS', 'PS1', 'PS2', 'PS4', 'POSIXLY_CORRECT', 'FPATH'],
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'NODE_V8_COVERAGE', 'NODE_CHANNEL_FD'],
  ...['NODE_REPL_EXTERNAL_MODULE', 'NODE_PENDING_DEPRECATION', 'NODE_REDIRECT_WARNINGS'],
  ...['GLIBC_TUNABLES', 'GCONV_PATH', 'GETCONF_DIR', 'LOCPATH', 'NLSPATH', 'NIS_PATH', 'TZDIR'],
  ...['HOSTALIASES', 'LOCALDOMAIN', 'RES_OPTIONS', 'RESOLV_HOST_CONF', 'RESOLV_ADD_TRIM_DOMAINS'],
  ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'UV_THREADPOOL_SIZE'],
]);

/** The public overrides of a workload that become variables of its environment. */
export function overrideVariables(
  overrides: readonly Override[],
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  let left = ENVIRONMENT_BYTES;
  for (const { name, scope, value } of overrides) {
    if (scope !== 'app' || !isFree(name)) continue;
    const bytes = name.length + Buffer.byteLength(value) + 2;
    if (bytes > left) continue;
    left -= bytes;
    variables[name] = value;
  }
  return variables;
}

/**
 * Writes all overrides into a folder of the workload's, `app/NAME` and `environment/NAME`, for its
 * user alone. No process of that user may run yet.
 */
export async function writeOverrides(
  folder: string,
  { overrides }: Pick<WorkloadSetup, 'overrides'>,
  { secrets, uid }: { readonly secrets: Secrets; readonly uid: number | undefined },
): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const scope of SCOPES) await mkdir(join(folder, scope), { mode: 0o700 });
  // Secret ones last: a name that is both is the secret one.
  for (const { name, scope, value } of [...overrides, ...secrets.overrides]) {
    if (!NAME.test(name)) throw new Error(`not the name of an override: ${JSON.stringify(name)}`);
    const path = join(folder, scope, name);
    await rm(path, { force: true });
    await writeFile(path, value, { mode: 0o400, flag: 'wx' });
    if (uid !== undefined) await chown(path, uid, uid);
  }
  for (const path of [...SCOPES.map((scope) => join(folder, scope)), folder]) {
    // Its owner alone could not remove what is in a folder that it may not write to.
    await chmod(path, uid === undefined ? 0o700 : 0o500);
    if (uid !== undefined) await chown(path, uid, uid);
  }
}

function isFree(name: string): boolean {
  if (!VARIABLE.test(name)) return false;
  const upper = name.toUpperCase();
  return !RESERVED.has(upper) && !RESERVED_PREFIXES.some((prefix) => upper.startsWith(prefix));
}
