import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@ramet/service';
import { type NatsOptions, startNats } from './nats.js';
import { startOf } from './proc.js';
import { testFolder, testNats } from './testing/folder.js';

describe('a NATS of our own', () => {
  it('takes its token and nothing else', async () => {
    using folder = testFolder();
    await using nats = await startNats(optionsIn(folder.path));

    assert.match(await greet(nats.port, { auth_token: nats.token }), /PONG/);
    assert.match(await greet(nats.port, { auth_token: 'wrong' }), /Authorization Violation/);
    assert.match(await greet(nats.port, {}), /Authorization Violation/);
  });

  it('keeps its token out of its arguments, in files of ours alone', async () => {
    using folder = testFolder();
    await using nats = await startNats(optionsIn(folder.path));

    const commandLine = readFileSync(`/proc/${String(nats.process.pid)}/cmdline`, 'utf8');
    assert.ok(!commandLine.includes(nats.token));
    assert.equal(statSync(join(folder.path, 'nats/server.conf')).mode & 0o777, 0o600);
  });

  it('comes back on the same port after it was killed, where that is asked for', async () => {
    using folder = testFolder();
    await using nats = await startNats({ ...optionsIn(folder.path), restart: true });
    const first = nats.process.pid;

    await nats.process.kill('SIGKILL');
    await nats.process.whenServing();

    assert.notEqual(nats.process.pid, first);
    assert.match(await greet(nats.port, { auth_token: nats.token }), /PONG/);
  });

  it('stays away while it is stopped', async () => {
    using folder = testFolder();
    await using nats = await startNats({ ...optionsIn(folder.path), restart: true });

    await nats.process.stop();
    await assert.rejects(greet(nats.port, {}), { code: 'ECONNREFUSED' });
    await nats.process.start();

    assert.match(await greet(nats.port, { auth_token: nats.token }), /PONG/);
  });

  it('ends when its launcher is killed', async () => {
    using folder = testFolder();
    const script = `
      import { startNats } from ${JSON.stringify(new URL('./nats.js', import.meta.url).href)};
      const nats = await startNats(${JSON.stringify(optionsIn(folder.path))});
      console.log(nats.process.pid);
      setInterval(() => {}, 1000);
    `;
    const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await once(launcher.stdout, 'data');
    const pid = Number(String(said));
    assert.notEqual(startOf(pid), undefined);

    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    for (let i = 0; i < 500 && startOf(pid) !== undefined; i += 1) await systemClock.sleep(10);

    assert.equal(startOf(pid), undefined);
  });
});

function optionsIn(folder: string): NatsOptions {
  return {
    program: testNats(),
    folder: join(folder, 'nats'),
    tokenFile: join(folder, 'token'),
    logFile: join(folder, 'nats.log'),
  };
}

/** What the server answers to a client that introduces itself with these words. */
async function greet(port: number, words: object): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`CONNECT ${JSON.stringify({ verbose: false, ...words })}\r\nPING\r\n`);
  let heard = '';
  for await (const piece of socket) {
    heard += String(piece);
    if (/PONG|-ERR/.test(heard)) break;
  }
  socket.destroy();
  return heard;
}
