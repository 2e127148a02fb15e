// Goal: a workload gets at nothing but its own, and ends when it has to.
// Method: the hostile examples run as clones of a whole mesh, beside a clone of somebody else that
// holds a key. They print what they were let do; what is left of them is looked for from outside.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clone, ClonePhase, type Limits, OutcomeKind } from '@ramet/proto-gen/lifecycle.v1';
import { PEERS } from './support/contract.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import {
  type Api,
  type Author,
  openAuthor,
  type Person,
  program,
  type Running,
} from './support/story.js';

const MEGABYTE = 1024 * 1024;
/** What a workload is told by its environment. Nothing of it is a secret. */
const VARIABLES = /^(HOME|LANG|PATH|PWD|SHLVL|TMPDIR|TZ|USER|_|RAMET_[A-Z_]+)$/;
const LOOKS_SECRET = /eyJ[\w-]+\.|ramet_(user|service|admin)_|PRIVATE KEY|password|Bearer/i;

describe('a workload', () => {
  let test: TestMesh;
  let author: Author;
  let intruder: Person;
  let victim: Running;

  before(async function () {
    this.timeout(60_000);
    test = await sharedMesh();
    author = await openAuthor(test);
    const owner = await author.person();
    const team = await author.team(owner);
    const keyId = await author.key(owner, { teamId: team.teamId });
    victim = await author.runningClone(owner, { owner: team, botId: team.botId, keyId });
    intruder = await author.person();
  });
  after(() => author?.[Symbol.asyncDispose]());

  it('gets at no key, folder, socket, process or RPC but its own', async () => {
    const clone = await run(['node', 'snooper.mjs', JSON.stringify(targets())]);
    const verdicts = (await logOf(clone)).map((line): Verdict => JSON.parse(line));

    assert.equal(clone.execution?.outcome?.kind, OutcomeKind.SUCCEEDED);
    assert.deepEqual(
      verdicts.filter(({ allowed }) => allowed),
      [],
    );
    const tried = new Set(verdicts.map(({ attempt }) => attempt));
    for (const attempt of ['read', 'list', 'connect']) assert.ok(tried.has(attempt), attempt);
    const called = verdicts.filter(({ attempt }) => attempt.startsWith('/ramet.'));
    assert.equal(new Set(called.map(({ target }) => target)).size, PEERS.length);
  }).timeout(60_000);

  it('cannot read what its own runner knows', async () => {
    const script = `
      const fs = require('node:fs');
      const own = process.env.RAMET_SOCKET.split('/').at(-2);
      const places = [
        '${test.mesh.layout.executor}/executions/' + own + '/config.json',
        '${test.mesh.layout.run}/.control/' + own + '.sock',
        '${test.mesh.layout.run}/.control',
        '/proc/' + process.ppid + '/environ',
        '/proc/' + process.ppid + '/mem',
      ];
      for (const place of places) {
        let result = 'allowed';
        try { fs.closeSync(fs.openSync(place)); } catch ({ code }) { result = code; }
        console.log(place.split('/').at(-1) + ' ' + result);
      }`;
    const clone = await run(['node', '-e', script]);

    const results = await logOf(clone);
    assert.equal(results.length, 5);
    assert.deepEqual(
      results.filter((line) => line.endsWith('allowed')),
      [],
    );
  }).timeout(60_000);

  it('gets no further than the doors of the database and of the bus', async () => {
    const { adminUrl, natsUrl } = test.mesh.stores;
    const script = `
      const net = require('node:net');
      const ask = (name, port, words) => {
        const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(words));
        let heard = '';
        const tell = () => { console.log(name + ' ' + JSON.stringify(heard)); socket.destroy(); };
        socket.on('data', (bytes) => { heard += bytes.toString('latin1'); });
        setTimeout(tell, 500);
      };
      const params = Buffer.from('\\0\\x03\\0\\0user\\0ramet_keys\\0database\\0ramet\\0\\0', 'latin1');
      const size = Buffer.alloc(4);
      size.writeUInt32BE(params.length + 4);
      ask('database', ${new URL(adminUrl).port}, Buffer.concat([size, params]));
      ask('bus', ${new URL(natsUrl).port}, 'CONNECT {"verbose":true}\\r\\nSUB > 1\\r\\nPING\\r\\n');`;
    const said = await logOf(await run(['node', '-e', script]));

    const [database = '', bus = ''] = ['database', 'bus'].map(
      (name) => said.find((line) => line.startsWith(name)) ?? '',
    );
    assert.match(database, /SCRAM-SHA-256/);
    assert.match(bus, /Authorization Violation/);
  }).timeout(60_000);

  it('is told nothing that is secret', async () => {
    const variables = await logOf(await run(['env']));

    assert.ok(variables.some((line) => line.startsWith('RAMET_SOCKET=')));
    assert.deepEqual(
      variables.filter((line) => !VARIABLES.test(line.split('=')[0] ?? '')),
      [],
    );
    assert.deepEqual(
      variables.filter((line) => LOOKS_SECRET.test(line)),
      [],
    );
  }).timeout(60_000);

  it('is OUT_OF_MEMORY when it takes more than it may', async () => {
    const limits = { memoryBytes: BigInt(96 * MEGABYTE), runTime: undefined, grace: undefined };
    const { phase, execution } = await run(['node', 'allocator.mjs'], limits);

    assert.equal(phase, ClonePhase.FAILED);
    assert.equal(execution?.outcome?.kind, OutcomeKind.FAILED);
    assert.equal(execution.outcome.reason, 'OUT_OF_MEMORY');
  }).timeout(60_000);

  it('is TIMED_OUT when it runs longer than it may', async () => {
    const [runTime, grace] = [seconds(2), seconds(0)];
    const { phase, execution } = await run(['node', 'endless.mjs'], {
      ...{ memoryBytes: 0n, runTime, grace },
    });

    assert.equal(phase, ClonePhase.FAILED);
    assert.equal(execution?.outcome?.kind, OutcomeKind.TIMED_OUT);
  }).timeout(60_000);

  it('leaves nothing behind when it is stopped, wherever it hides', async () => {
    const limits = { memoryBytes: 0n, runTime: undefined, grace: seconds(0) };
    const { api, id } = await start(['node', 'escape.mjs', '2'], limits);
    await api.clones.waitClone({ id, phases: [ClonePhase.RUNNING] });
    for await (const { lines } of api.clones.streamCloneLogs(followed(id))) {
      if (lines.some(({ text }) => text.includes('depth 0'))) break;
    }
    assert.ok(hidden().length > 1);

    await api.clones.stopClone({ id, etag: '' });
    const { clone } = await api.clones.waitClone({ id, phases: [] });

    assert.equal(clone?.phase, ClonePhase.STOPPED);
    assert.deepEqual(hidden(), []);
  }).timeout(60_000);

  it('leaves what it attacked as it was', async () => {
    const { status } = await fetch(test.mesh.endpoints.keys.metrics);
    assert.equal(status, 200);
    const { clone } = await author.admin.clones.getClone({ id: victim.cloneId });
    assert.equal(clone?.phase, ClonePhase.RUNNING);
  });

  /** What lies around that is not the intruder's. */
  function targets() {
    const { secrets, credentials, state, executor, run: runs, logs, traces } = test.mesh.layout;
    const name = `${victim.executionId}-e1`;
    const victims = join(executor, 'executions', name);
    const files = ['kek', 'token-key.pem', 'postgres', 'nats', 'bootstrap-token', 'services/keys'];
    return {
      files: [
        ...files.map((file) => join(secrets, file)),
        ...['config.json', 'runner.json', 'runner.log'].map((file) => join(victims, file)),
        join(credentials, 'admin'),
        join(runs, name, 'work', 'snooper.mjs'),
      ],
      folders: [state, secrets, executor, victims, logs, traces, runs, join(runs, name)],
      sockets: [join(runs, name, 'ramet.sock'), join(runs, '.control', `${name}.sock`)],
      addresses: PEERS.map(test.addressOf),
    };
  }

  async function start(command: readonly string[], limits?: Limits): Promise<Started> {
    const { teamId, botId } = await author.team(intruder, program(...command));
    const wish = { owner: { teamId }, botId, keyId: '', ...(limits && { limits }) };
    return { api: author.as(intruder.token), id: await author.clone(intruder, wish) };
  }

  async function run(command: readonly string[], limits?: Limits): Promise<Clone> {
    const { api, id } = await start(command, limits);
    const { clone } = await api.clones.waitClone({ id, phases: [] });
    assert.ok(clone);
    return clone;
  }

  async function logOf({ id }: Clone): Promise<readonly string[]> {
    const texts: string[] = [];
    const { clones } = author.as(intruder.token);
    for await (const { lines } of clones.streamCloneLogs({ ...followed(id), follow: false })) {
      texts.push(...lines.map(({ text }) => text.toString()));
    }
    return texts;
  }

  /** The processes that run the program that hides: they drop their mark, but not their name. */
  function hidden(): readonly string[] {
    return readdirSync('/proc').filter((pid) => {
      const command = commandOf(pid);
      return command.includes('escape.mjs') && command.includes(test.mesh.layout.run);
    });
  }
});

interface Verdict {
  readonly attempt: string;
  readonly target: string;
  readonly allowed: boolean;
  readonly detail: string;
}

interface Started {
  readonly api: Api;
  readonly id: string;
}

function followed(cloneId: string) {
  return { cloneId, executionId: '', follow: true, tailLines: 0 };
}

function seconds(count: number) {
  return { seconds: BigInt(count), nanos: 0 };
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
