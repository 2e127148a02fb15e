import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openDatabase } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import { type CreateExecutionRequest, ExitKind, WorkloadState } from '@ramet/proto-gen/executor.v1';
import {
  type Input,
  OverrideLayer,
  OverrideScope,
  ResultKind,
} from '@ramet/proto-gen/lifecycle.v1';
import type { ProcessIdentity } from '@ramet/service';
import {
  executionOf,
  type House,
  hasCode,
  hasReason,
  nameOf,
  openHouse,
  sourceOf,
  type Wish,
} from './test-house.js';

// Goal: a workload gets what it is given, and nobody else does; what it leaves arrives, and no more.
// Method: the real service, database, runners and processes; those whom they ask are played by a
// FakeMesh over real gRPC.

const EXAMPLES = fileURLToPath(new URL('../../../deploy/examples/', import.meta.url));
const SECRET = 'a secret value: "hunter2"';
const run = promisify(execFile);

describe('what a workload is given and leaves', () => {
  let house: House;
  beforeEach(async () => {
    house = await openHouse();
  });
  afterEach(() => house[Symbol.asyncDispose]());

  it('is refused if no runtime here runs it, or if its parts do not fit', async () => {
    const image = { repository: 'acme/bot', tag: '1', digest: '', command: [] };
    const source = { source: { $case: 'image' as const, value: image }, revision: 1 };
    const probe = {
      check: { $case: 'tcp' as const, value: { port: 'web' } },
      ...{ period: undefined, timeout: undefined, failures: 0 },
    };
    const plain = executionOf('true');

    const { executions } = house;
    await assert.rejects(
      executions.createExecution({ ...plain, source }),
      hasReason('SOURCE_UNSUPPORTED'),
    );
    for (const wish of [
      { ...plain, source: undefined },
      { ...plain, fetchInputs: true },
      { ...plain, probe },
    ]) {
      await assert.rejects(executions.createExecution(wish), hasCode('INVALID_ARGUMENT'));
    }
    assert.deepEqual(
      (await executions.listExecutions({ cloneId: '', pageSize: 0, pageToken: '' })).workloads,
      [],
    );
  });

  it('is the release of its bundle that its tag names', async () => {
    await cp(join(EXAMPLES, 'hostile'), join(house.bundlesDir, 'shell@v1.2'), { recursive: true });
    const tagged = { ...executionOf(''), source: sourceOf(['node', 'exit.mjs', '5'], 'v1.2') };

    assert.equal((await finish(house, tagged)).exit?.exitCode, 5);
  });

  it('is overrides, and secret ones that only it can read: masked in what it prints, kept nowhere', async () => {
    const execution = executionOf(`
      cat $RAMET_CONFIG/app/COLOUR $RAMET_CONFIG/environment/SIZE; echo "$COLOUR.$SIZE.$TOKEN.$LD_PRELOAD"
      stat -c %a $RAMET_CONFIG/app/TOKEN; test "$(cat $RAMET_CONFIG/app/TOKEN)" = '${SECRET}' && echo same
      cut -c-9 $RAMET_CONFIG/app/TOKEN | tr -d '\\n'; sleep 0.2; cut -c10- $RAMET_CONFIG/app/TOKEN; exit 4`);
    execution.overrides = [
      override('COLOUR', OverrideScope.APP, 'blue'),
      override('SIZE', OverrideScope.ENVIRONMENT, '2'),
      override('LD_PRELOAD', OverrideScope.APP, '/tmp/evil.so'),
    ];
    execution.hasSecrets = true;
    execution.keepResults = true;
    const token = { name: 'TOKEN', scope: OverrideScope.APP, value: SECRET };
    house.mesh.secrets.set(execution.executionId, { overrides: [token], inputs: [] });

    const { exit } = await finish(house, execution);

    const printed = ['blue2blue...', '400', 'same', '******', ''].join('\n');
    const [log] = house.mesh.results;
    assert.equal(log?.content.toString(), printed);
    assert.deepEqual([log.header.kind, log.header.name], [ResultKind.LOG, 'log']);
    assert.equal(exit?.exitCode, 4);
    await house.arrives(() => house.mesh.completions.length > 0);
    assert.equal(house.mesh.completions.at(-1)?.outputTail.toString(), printed);
    assert.deepEqual(await rowsWith(house, 'hunter2'), [execution.executionId]);
    const { host } = house;
    const { stdout } = await run('sh', [
      '-c',
      `grep -rl hunter2 ${host.stateDir} ${host.runDir} || :`,
    ]);
    // The command of this test itself compares with it.
    const config = join(host.stateDir, 'executions', nameOf(execution), 'config.json');
    assert.deepEqual(stdout.trim().split('\n'), [config]);
    const told = JSON.parse(await readFile(config, 'utf8'));
    assert.ok(!JSON.stringify({ ...told, command: [] }).includes('hunter2'));
  });

  it('is ports that it is reached at, and probes that tell how it is', async () => {
    const server = `const { createServer } = require('node:http');
      const { existsSync, rmSync } = require('node:fs');
      createServer((_, answer) => {
        if (!existsSync('ill')) return answer.end('well');
        rmSync('ill');
        answer.writeHead(500).end();
      }).listen(process.env.RAMET_PORT_WEB_UI);`;
    const web = { ...executionOf(''), source: sourceOf(['node', '-e', server]) };
    const second = { seconds: 1n, nanos: 0 };
    web.ports = [{ name: 'web-ui', label: 'the page', scheme: '' }];
    web.probe = {
      check: { $case: 'http', value: { port: 'web-ui', path: '/health' } },
      ...{ period: second, timeout: second, failures: 1 },
    };
    const command = executionOf('touch up; exec sleep 60');
    command.probe = {
      check: {
        $case: 'command',
        value: { command: ['sh', '-c', 'ls; id -u; test -e up; exit 3'] },
      },
      ...{ period: second, timeout: { seconds: 5n, nanos: 0 }, failures: 1 },
    };
    await Promise.all([web, command].map((each) => house.executions.createExecution(each)));

    await house.arrives(() => healthOf(house, web).includes(true));
    const [claim] = house.mesh.updates.filter(({ executionId }) => executionId === web.executionId);
    const [endpoint] = claim?.endpoints ?? [];
    assert.equal(endpoint?.label, 'the page');
    assert.match(endpoint.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(await (await fetch(endpoint.url)).text(), 'well');
    await run('touch', [join(house.host.runDir, nameOf(web), 'work', 'ill')]);
    await house.arrives(() => healthOf(house, web).includes(false));

    await house.arrives(() => healthOf(house, command).includes(false));
    const said = house.mesh.updates.filter(
      ({ executionId }) => executionId === command.executionId,
    );
    const uid = process.getuid?.() === 0 ? '[2-9]\\d{5}' : '0';
    assert.match(said.at(-1)?.health?.message ?? '', new RegExp(`^exit 3 up\\s${uid}$`));
  });

  it('is sent if it is its own plain file, however it is named; the rest is told of', async () => {
    await cp(join(EXAMPLES, 'hostile'), join(house.bundlesDir, 'shell@hostile'), {
      recursive: true,
    });
    const execution = { ...executionOf(''), stage: 'mess', keepResults: true };
    execution.source = sourceOf(['node', 'litter.mjs', '3'], 'hostile');
    let away = 2;
    house.mesh.onUpload(({ name }) => {
      if (name === 'many/1')
        throw new PublicError('resource_exhausted', 'RESULTS_TOO_LARGE', 'too large');
      if (name === 'empty' && away-- > 0)
        throw new PublicError('unavailable', 'PEER_UNAVAILABLE', 'away');
    });

    await finish(house, execution);

    const outputs = house.mesh.results.filter(({ header }) => header.kind === ResultKind.OUTPUT);
    assert.deepEqual(
      outputs.map(({ header, content }) => [header.name, content.toString()]),
      [
        ['deep/er/file.txt', 'deep'],
        ['empty', ''],
        ['many/0', '0'],
        ['many/2', '2'],
        ['two\nlines "quoted" \\ and \'so\' ünïcödé 🦊', 'named'],
      ],
    );
    for (const { header, content } of outputs) {
      assert.deepEqual(header.sha256, createHash('sha256').update(content).digest());
      assert.equal(header.sizeBytes, BigInt(content.length));
    }
    await house.arrives(() => house.mesh.completions.length > 0);
    const problem = house.mesh.completions.at(-1)?.resultsProblem ?? '';
    assert.match(problem, /^\d+ results are missing: .*"pipe" is no file/);
    const [log] = house.mesh.results.filter(({ header }) => header.kind === ResultKind.LOG);
    assert.match(log?.content.toString() ?? '', /ramet: not kept: "link-0" is a link\n/);
  });

  it('is known by its exit, even if its runner dies while it sends what is left', async () => {
    const execution = { ...executionOf('echo x > $RAMET_OUTPUT/x; exit 6'), keepResults: true };
    let isSending = false;
    house.mesh.onUpload(() => {
      isSending = true;
      return new Promise(() => undefined);
    });
    await house.executions.createExecution(execution);
    await house.arrives(() => isSending);

    const runner: ProcessIdentity = JSON.parse(await house.runnerOf(execution));
    process.kill(runner.pid, 'SIGKILL');
    const { exit } = await house.until(execution, WorkloadState.EXITED);

    assert.deepEqual([exit?.kind, exit?.exitCode], [ExitKind.EXITED, 6]);
  });

  it('is nothing that a superseded one leaves', async () => {
    const execution = executionOf('echo x > $RAMET_OUTPUT/x; exec sleep 60');
    execution.keepResults = true;
    await house.executions.createExecution(execution);
    await house.until(execution, WorkloadState.RUNNING);

    house.mesh.supersede();
    await house.until(execution, WorkloadState.EXITED);

    assert.deepEqual(house.mesh.results, []);
  });

  it('is inputs, fetched before, which it cannot change', async () => {
    const asked: string[] = [];
    const server = createServer(({ url = '' }, answer) => {
      asked.push(url);
      answer.end('from afar');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    assert.ok(address && typeof address === 'object');
    const url = `http://127.0.0.1:${address.port}/data.csv`;
    const configure: Wish = { ...executionOf(''), source: undefined, fetchInputs: true };
    Object.assign(configure, { stage: 'configure', hasSecrets: true, keepResults: true });
    configure.inputs = [inputAt('data.csv', url), resultInput('model')];
    const secret = {
      overrides: [],
      inputs: [{ name: 'data.csv', url: `${url}?signature=0123456789` }],
    };
    house.mesh.secrets.set(configure.executionId, secret);
    house.mesh.inputs.set('model', Buffer.alloc(300_000, 'm'));

    const fetched = await finish(house, configure);
    const use = executionOf(
      'cat $RAMET_INPUTS/data.csv; wc -c < $RAMET_INPUTS/model; echo x > $RAMET_INPUTS/data.csv',
    );
    Object.assign(use, { cloneId: configure.cloneId, epoch: 2, keepResults: true });
    const used = await finish(house, use);
    server.close();

    assert.deepEqual([fetched.exit?.kind, fetched.exit?.exitCode], [ExitKind.EXITED, 0]);
    assert.equal(fetched.exit?.report?.success, true);
    assert.deepEqual(asked, ['/data.csv?signature=0123456789']);
    const [said, read] = house.mesh.results.map(({ content }) => content.toString());
    assert.match(
      said ?? '',
      /^fetched data\.csv from http:\/\/127\.0\.0\.1:\d+\/data\.csv: 9 bytes/,
    );
    assert.ok(!said?.includes('signature'));
    assert.match(read ?? '', /^from afar300000\n/);
    assert.notEqual(used.exit?.exitCode, 0);
    const progress = house.mesh.updates.flatMap((update) => update.progress ?? []);
    assert.ok(progress.every(({ message }) => /^\d of 2 inputs$/.test(message)));
  });

  it('is a failure that names the input which could not be had', async () => {
    const configure: Wish = { ...executionOf(''), source: undefined, fetchInputs: true };
    configure.inputs = [resultInput('gone')];

    const { exit } = await finish(house, configure);

    assert.deepEqual([exit?.kind, exit?.exitCode], [ExitKind.EXITED, 1]);
    const message = 'gone: was refused: RESULT_NOT_FOUND';
    assert.deepEqual(exit?.report, { success: false, message, metrics: [] });
  });
});

async function finish(house: House, execution: CreateExecutionRequest) {
  await house.executions.createExecution(execution);
  return house.until(execution, WorkloadState.EXITED);
}

/** What in the database has a text in it, but for what this test itself has put into a command. */
async function rowsWith({ databaseUrl }: House, text: string): Promise<readonly string[]> {
  await using db = await openDatabase({
    url: databaseUrl,
    schema: 'executor',
    application: 'test',
  });
  const rows = await db.query<{ id: string }>(
    `select execution_id as id from workload where workload::text like $1
     union all
     select position::text from history where encode(payload, 'escape') like $1
     union all
     select clone_id from storage where storage::text like $1`,
    [`%${text}%`],
  );
  const [{ id = '' } = {}] = rows;
  const clean = await db.query<{ id: string }>(
    `select execution_id as id from workload
     where execution_id = $2 and (to_jsonb(workload) - 'source')::text like $1`,
    [`%${text}%`, id],
  );
  assert.deepEqual(clean, []);
  return rows.map((row) => row.id);
}

function override(name: string, scope: OverrideScope, value: string) {
  return { name, scope, value, secret: false, layer: OverrideLayer.CLONE, digest: '' };
}

function inputAt(name: string, url: string): Input {
  return { name, source: { $case: 'url', value: url }, sha256: Buffer.alloc(0), maxBytes: 0n };
}

function resultInput(name: string): Input {
  const value = { cloneId: executionOf('').cloneId, name: 'main/model' };
  return { name, source: { $case: 'result', value }, sha256: Buffer.alloc(0), maxBytes: 0n };
}

function healthOf({ mesh }: House, { executionId }: CreateExecutionRequest): readonly boolean[] {
  const own = mesh.updates.filter((update) => update.executionId === executionId);
  return own.flatMap(({ health }) => (health ? [health.ready] : []));
}
