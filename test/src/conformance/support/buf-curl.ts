import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BUF = fileURLToPath(new URL('../../../../node_modules/.bin/buf', import.meta.url));

/** A call as a person at a terminal makes it, knowing nothing but an address. */
export interface BufCurl {
  readonly address: string;
  /** Such as `ramet.teams.v1.TeamService/GetTeam`. */
  readonly path: string;
  readonly body: string;
  readonly token?: string | undefined;
  /** Ends a stream after what came first. */
  readonly isStream: boolean;
}

/** What came of it. */
export interface Printed {
  readonly isOk: boolean;
  readonly output: string;
  readonly errors: string;
}

/** Makes a call with `buf curl`, which learns the contract by reflection. */
export async function bufCurl({ address, path, body, token, isStream }: BufCurl): Promise<Printed> {
  const header = token === undefined ? [] : ['-H', `authorization: Bearer ${token}`];
  const flags = ['--protocol', 'grpc', '--http2-prior-knowledge'];
  const args = ['curl', ...flags, ...header, '-d', body, `http://${address}/${path}`];
  // A group of its own: `buf` is a wrapper, and a signal to it alone leaves its child running.
  const buf = spawn(BUF, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let [output, errors] = ['', ''];
  buf.stdout.on('data', (chunk) => {
    output += chunk;
    if (isStream) endGroup(buf.pid);
  });
  buf.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(buf, 'close');
  return { isOk: code === 0 || (isStream && output !== ''), output, errors };
}

/** Ends all processes of a group. One that is gone already is fine. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}
