// Tries to get at what is not its own, and prints one JSON line for each attempt:
// {"attempt", "allowed", "error"}. Nothing has to be allowed but what its runner serves.
//
// What to try comes as arguments, each as often as wanted:
//   --read PATH    read a file           --list PATH     list a folder
//   --write PATH   write into a folder   --socket PATH   talk to a socket
//   --call HOST:PORT/package.Service/Method              call an RPC without a token
// The processes of the machine and the own environment are always tried.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { parseArgs } from 'node:util';
import { attempt } from './attempt.mjs';

const WITHIN_MS = 2_000;
const GREET = '/grpc.health.v1.Health/Check';
const many = { type: 'string', multiple: true, default: [] };
const { values: asked } = parseArgs({
  options: { read: many, list: many, write: many, socket: many, call: many },
});
/** What looks like a credential, whatever it is called. */
const SECRET = /eyJ[\w-]+\.[\w-]+\.|ramet_(user|service|admin)_|BEGIN [A-Z ]*PRIVATE KEY|password/i;

for (const path of asked.read) await attempt(`read ${path}`, () => readFileSync(path).length);
for (const path of asked.list) await attempt(`list ${path}`, () => readdirSync(path).length);
for (const path of asked.write) {
  await attempt(`write ${path}`, () => writeFileSync(`${path}/snooped`, 'here'));
}
for (const path of asked.socket) {
  await attempt(`socket ${path}`, () => ask(() => connectSocket(path), 'localhost', GREET));
}
for (const target of asked.call) {
  const [, address, method] = /^([^/]+)(\/.+)$/.exec(target) ?? [];
  const [host, port] = address.split(':');
  await attempt(`call ${target}`, () => ask(() => connectSocket(Number(port), host), host, method));
}
for (const pid of others()) {
  await attempt(`environment of ${pid}`, () => readFileSync(`/proc/${pid}/environ`).length);
  await attempt(`memory of ${pid}`, () => readMemory(pid));
  await attempt(`files of ${pid}`, () => readdirSync(`/proc/${pid}/fd`).length);
  await attempt(`root of ${pid}`, () => readdirSync(`/proc/${pid}/root/`).length);
  await attempt(`signal to ${pid}`, () => process.kill(pid, 0));
}
await attempt('a secret in the environment', () => {
  const found = Object.entries(process.env).find(([, value]) => SECRET.test(value));
  if (!found) throw new Error('none');
});
await attempt('to become root', () => execFileSync('setpriv', ['--reuid', '0', '--', 'true']));
await attempt('an open file of the runner', () => inheritedFile());

/** The processes that are neither this one nor made by it. */
function others() {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => pid !== process.pid && !sameUser(pid));
}

/** The workload's own processes are its own to look at. */
function sameUser(pid) {
  try {
    const [, uid] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return process.getuid() !== 0 && Number(uid) === process.getuid();
  } catch {
    return true;
  }
}

function readMemory(pid) {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const [, start] = /^([0-9a-f]+)-[0-9a-f]+ r/m.exec(maps) ?? [];
  if (start === undefined) throw new Error('nothing to read');
  const file = openSync(`/proc/${pid}/mem`, 'r');
  try {
    return readSync(file, Buffer.alloc(64), 0, 64, Number.parseInt(start, 16));
  } finally {
    closeSync(file);
  }
}

/** Finds an open file or folder that lies outside the own folder. Pipes and devices do not count. */
function inheritedFile() {
  for (const number of readdirSync('/proc/self/fd')) {
    const path = linkOf(`/proc/self/fd/${number}`);
    const own = [process.cwd(), '/dev/', '/proc/'].some((folder) => path.startsWith(folder));
    if (path.startsWith('/') && !own) return path;
  }
  throw new Error('none');
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Makes a gRPC call without a credential. Throws what it was refused with. */
function ask(createConnection, host, method) {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://${host}`, { createConnection });
    const end = (finish, value) => {
      session.destroy();
      finish(value);
    };
    session.setTimeout(WITHIN_MS, () => end(reject, new Error('no answer')));
    session.on('error', (error) => end(reject, error));
    const stream = session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const note = (headers) => {
      const status = headers['grpc-status'];
      if (status === '0') end(resolve);
      else if (status !== undefined) {
        end(reject, new Error(`status ${status}: ${headers['grpc-message'] ?? ''}`));
      }
    };
    stream.on('response', note).on('trailers', note).on('error', reject);
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
}
