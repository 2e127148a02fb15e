// Goal: a workload gets at nothing but its own, and ends when it has to.
// Method: the hostile examples run as clones of a whole mesh, beside a clone of somebody else that
// holds a key. They print what they were let do; what is left of them is looked for from outside.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mesh } from '@ramet/local';
import {
  type Clone,
  ClonePhase,
  GetCloneRequest,
  Limits,
  OutcomeKind,
  StopCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Api } from './support/api.js';
import { PEERS } from './support/contract.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import { type Author, openAuthor, type Person, program, type Running } from './support/story.js';

const NO_LIMITS = Limits.fromPartial({});
const MEGABYTE = 1024 * 1024;
/** What a workload is told by its environment. Nothing of it is a secret. */
const VARIABLES = /^(HOME|LANG|PATH|PWD|SHLVL|TMPDIR|TZ|USER|_|RAMET_[A-Z_]+)$/;
const LOOKS_SECRET = /eyJ[\w-]+\.|ramet_(user|service|admin)_|PRIVATE KEY|password|Bearer/i;

describe('a workload', () => {
  let test: TestMesh;
  let author: Author;
  let intruder: Person;
  let victim: Running;
  let ended: Readonly<Record<keyof ReturnType<typeof programs>, Promise<Clone>>>;

  before(async () => {
    test = await sharedMesh();
    author = await openAuthor(test);
    const owner = await author.person();
    const team = await author.team(owner);
    const keyId = await author.key(owner, { teamId: team.teamId });
    victim = await author.runningClone(owner, { owner: team, botId: team.botId, keyId });
    intruder = await author.person();
    ended = begun(programs());
  });
  after(() => author?.[Symbol.asyncDispose]());

  it('gets at no key, folder, socket, process or RPC but its own', async () => {
    const clone = await ended.snooper;
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
  });

  it('cannot read what its own runner knows', async () => {
    const results = await logOf(await ended.ownFiles);
    assert.equal(results.length, 5);
    assert.deepEqual(
      results.filter((line) => line.endsWith('allowed')),
      [],
    );
  });

  it('gets no further than the doors of the database and of the bus', async () => {
    const said = await logOf(await ended.doors);

    const [database = '', bus = ''] = ['database', 'bus'].map(
      (name) => said.find((line) => line.startsWith(name)) ?? '',
    );
    assert.match(database, /SCRAM-SHA-256/);
    assert.match(bus, /Authorization Violation/);
  });

  it('is told nothing that is secret', async () => {
    const variables = await logOf(await ended.env);

    assert.ok(variables.some((line) => line.startsWith('RAMET_SOCKET=')));
    assert.deepEqual(
      variables.filter((line) => !VARIABLES.test(line.split('=')[0] ?? '')),
      [],
    );
    assert.deepEqual(
      variables.filter((line) => LOOKS_SECRET.test(line)),
      [],
    );
  });

  it('is OUT_OF_MEMORY when it takes more than it may', async () => {
    const { phase, execution } = await ended.allocator;

    assert.equal(phase, ClonePhase.FAILED);
    assert.equal(execution?.outcome?.kind, OutcomeKind.FAILED);
    assert.equal(execution.outcome.reason, 'OUT_OF_MEMORY');
  });

  it('is TIMED_OUT when it runs longer than it may', async () => {
    const { phase, execution } = await ended.endless;

    assert.equal(phase, ClonePhase.FAILED);
    assert.equal(execution?.outcome?.kind, OutcomeKind.TIMED_OUT);
  });

  it('leaves nothing behind when it is stopped, wherever it hides', async () => {
    const wish = {
      command: ['node', 'escape.mjs', '2'],
      limits: { ...NO_LIMITS, grace: seconds(0) },
    };
    const { api, id } = await start(wish);
    await api.clones.waitClone({ id, phases: [ClonePhase.RUNNING] });
    for await (const { lines } of api.clones.streamCloneLogs(followed(id))) {
      if (lines.some(({ text }) => text.includes('depth 0'))) break;
    }
    assert.ok(hidden().length > 1);

    await api.clones.stopClone(StopCloneRequest.fromPartial({ id }));
    const { clone } = await api.clones.waitClone({ id, phases: [] });

    assert.equal(clone?.phase, ClonePhase.STOPPED);
    assert.deepEqual(hidden(), []);
  });

  it('leaves what it attacked as it was', async () => {
    const { status } = await fetch(test.mesh.endpoints.keys.metrics);
    assert.equal(status, 200);
    const { clone } = await author.admin.clones.getClone(
      GetCloneRequest.fromPartial({ id: victim.cloneId }),
    );
    assert.equal(clone?.phase, ClonePhase.RUNNING);
  });

  /** What lies around that is not the intruder's. */
  function targets() {
    const { secrets, credentials, state, executor, run: runs, logs, traces } = test.mesh.layout;
    const name = `${victim.executionId}-e1`;
    const victims = join(executor, 'executions', name);
    const files = [
      'kek',
      'secrets-key',
      'token-key.pem',
      'postgres',
      'nats',
      'bootstrap-token',
      'services/keys',
    ];
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

  /** What runs to its end, all at the same time. */
  function programs() {
    return {
      snooper: { command: ['node', 'snooper.mjs', JSON.stringify(targets())] },
      ownFiles: { command: ['node', '-e', openOwnFiles(test.mesh.layout)] },
      doors: { command: ['node', '-e', knockAtDoors(test.mesh.stores)] },
      env: { command: ['env'] },
      allocator: {
        command: ['node', 'allocator.mjs'],
        limits: { ...NO_LIMITS, memoryBytes: BigInt(96 * MEGABYTE) },
      },
      endless: {
        command: ['node', 'endless.mjs'],
        limits: { ...NO_LIMITS, runTime: seconds(2), grace: seconds(0) },
      },
    } satisfies Readonly<Record<string, Wish>>;
  }

  function begun<Name extends string>(wishes: Readonly<Record<Name, Wish>>) {
    const entries = Object.entries<Wish>(wishes).map(([name, wish]) => {
      const clone = run(wish);
      // Whoever asks for it sees why it failed.
      clone.catch(() => undefined);
      return [name, clone] as const;
    });
    return Object.fromEntries(entries) as Record<Name, Promise<Clone>>;
  }

  async function start({ command, limits }: Wish): Promise<Started> {
    const { teamId, botId } = await author.team(intruder, program(...command));
    const wish = { owner: { teamId }, botId, keyId: '', ...(limits && { limits }) };
    return { api: author.as(intruder.token), id: await author.clone(intruder, wish) };
  }

  async function run(wish: Wish): Promise<Clone> {
    const { api, id } = await start(wish);
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

interface Wish {
  readonly command: readonly string[];
  readonly limits?: Limits;
}

interface Started {
  readonly api: Api;
  readonly id: string;
}

/** A program that tries to open what its own runner keeps, and prints what came of it. */
function openOwnFiles({ executor, run }: Mesh['layout']): string {
  return `
      const fs = require('node:fs');
      const own = process.env.RAMET_SOCKET.split('/').at(-2);
      const places = [
        '${executor}/executions/' + own + '/config.json',
        '${run}/.control/' + own + '.sock',
        '${run}/.control',
        '/proc/' + process.ppid + '/environ',
        '/proc/' + process.ppid + '/mem',
      ];
      for (const place of places) {
        let result = 'allowed';
        try { fs.closeSync(fs.openSync(place)); } catch ({ code }) { result = code; }
        console.log(place.split('/').at(-1) + ' ' + result);
      }`;
}

/** A program that talks to the database and to the bus without a password. */
function knockAtDoors({ adminUrl, natsUrl }: Mesh['stores']): string {
  return `
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
