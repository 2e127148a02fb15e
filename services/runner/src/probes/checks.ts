import type { ChildProcess } from 'node:child_process';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Finding } from './health.js';

/** How much of an answer is read. */
const ANSWER_BYTES = 64 * 1024;
const SAID_BYTES = 512;
const LOOPBACK = '127.0.0.1';
const WELL: Finding = { isWell: true };

/** Asks for a path on a port of this host: 200 to 399 is well, and is not followed. */
export function checkHttp(
  { scheme, port, path }: { readonly scheme: string; readonly port: number; readonly path: string },
  signal: AbortSignal,
): Promise<Finding> {
  return new Promise((resolve) => {
    const target = { host: LOOPBACK, port, path, signal, agent: false };
    // Whom a certificate is for says nothing here: it is the workload's own port.
    const request =
      scheme === 'https'
        ? requestHttps({ ...target, rejectUnauthorized: false })
        : requestHttp(target);
    request.once('error', (error) => resolve(unwell(error.message)));
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      const finding = status >= 200 && status < 400 ? WELL : unwell(`status ${status}`);
      let left = ANSWER_BYTES;
      const done = () => {
        resolve(finding);
        request.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        left -= chunk.length;
        if (left < 0) done();
      });
      response.once('end', done);
      response.once('error', (error) => resolve(unwell(error.message)));
    });
    request.end();
  });
}

/** Connects to a port of this host. */
export function checkTcp(port: number, signal: AbortSignal): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port, signal });
    socket.once('error', (error) => resolve(unwell(error.message)));
    socket.once('connect', () => {
      socket.destroy();
      resolve(WELL);
    });
  });
}

/** Waits for a command to exit; kills it, with its group, when its time is up. */
export function checkCommand(child: ChildProcess, signal: AbortSignal): Promise<Finding> {
  let said = Buffer.alloc(0);
  const hear = (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-SAID_BYTES);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
    // What it has started may hold its outputs.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(unwell(error.message)));
    child.once('exit', (code, ended) => {
      // From here on its number may be somebody else's.
      signal.removeEventListener('abort', kill);
      // What it said last is in its pipes still, for one more turn of the event loop. What it has
      // started may hold them open for ever.
      const finish = (): void => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        const how = ended === null ? `exit ${code}` : `ended by ${ended}`;
        resolve(code === 0 ? WELL : unwell(`${how} ${said.toString().trim()}`.trim()));
      };
      setImmediate(() => setImmediate(finish));
    });
  });
}

function unwell(message: string): Finding {
  return { isWell: false, message };
}
