// Tries to get at what is not its own, and prints one JSON verdict per attempt:
// {"attempt":"read","target":"/path","allowed":false,"detail":"EACCES"}. All must be refused.
//
// Its argument is JSON: {"files":[...],"folders":[...],"sockets":[...],"addresses":["host:port"]}.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';

const { files = [], folders = [], sockets = [], addresses = [] } = JSON.parse(process.argv[2]);

for (const path of files) attempt('read', path, () => readFileSync(path).length);
for (const path of folders)
  attempt('list', path, () => (readdirSync(path).length > 0 ? 'seen' : ''));
for (const pid of strangers()) {
  for (const secret of ['environ', 'mem', 'maps', 'fd', 'root', 'cwd']) {
    attempt(`read ${secret}`, `/proc/${pid}`, () => lookAt(`/proc/${pid}/${secret}`));
  }
  attempt('kill', String(pid), () => process.kill(pid, 'SIGCONT'));
}
for (const path of sockets) await attemptLater('connect', path, () => reach(path));
for (const address of addresses) {
  for (const method of METHODS())
    await attemptLater(method, address, () => callRpc(address, method));
}

function METHODS() {
  return [
    '/ramet.keys.v1.KeyService/ListAvailableKeys',
    '/ramet.keys.v1.SigningService/SignTransaction',
    '/ramet.lifecycle.v1.CloneService/ListClones',
    '/ramet.lifecycle.v1.ExecutionReportService/UpdateExecution',
    '/ramet.executor.v1.ExecutionService/ListExecutions',
    '/ramet.teams.v1.AccessService/MintWorkloadToken',
    '/ramet.teams.v1.UserService/ListUsers',
  ];
}

function attempt(what, target, act) {
  try {
    const found = act();
    verdict(what, target, found !== '', String(found));
  } catch (error) {
    verdict(what, target, false, error.code ?? error.message);
  }
}

async function attemptLater(what, target, act) {
  try {
    verdict(what, target, true, String(await act()));
  } catch (error) {
    verdict(what, target, false, error.code ?? error.message);
  }
}

function verdict(what, target, allowed, detail) {
  console.log(JSON.stringify({ attempt: what, target, allowed, detail }));
}

/** All processes that are not this one's. */
function strangers() {
  const own = new Set([process.pid]);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => !own.has(pid) && !isInit(pid) && readUid(pid) !== process.getuid());
}

/** Process 1 of a namespace of our own is the one that started us, and knows nothing. */
function isInit(pid) {
  return pid === 1 && readFileSync('/proc/1/cmdline', 'utf8').includes('init.js');
}

function readUid(pid) {
  try {
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  } catch {
    return process.getuid();
  }
}

/** Something of a file, a folder or the target of a link; nothing of an empty one. */
function lookAt(path) {
  if (/\/(fd|root|cwd)$/.test(path)) return readdirSync(path).join(' ');
  const file = openSync(path);
  try {
    const bytes = Buffer.alloc(64);
    return readSync(file, bytes) > 0 ? 'seen' : '';
  } finally {
    closeSync(file);
  }
}

function reach(path) {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });
}

function callRpc(address, method) {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://${address}`);
    session.once('error', reject);
    const headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc' };
    const stream = session.request({ ...headers, te: 'trailers' });
    let code = '';
    const note = (fields) => {
      code = fields['grpc-status'] ?? code;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', reject);
    stream.on('end', () => {
      session.close();
      if (code === '0') resolve('answered');
      else reject(new Error(`grpc-status ${code}`));
    });
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
}
