import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublicError } from '@ramet/errors';
import { type CreateKeyRequest, Key } from '@ramet/proto-gen/keys.v1';
import {
  Clone,
  ClonePhase,
  type CreateCloneRequest,
  type LogLine,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { Bot, Team } from '@ramet/proto-gen/teams.v1';
import { API_KEY, runCommand, runIn, startTestMesh, USER_ID } from './test-mesh.js';

const CLONE_ID = `cln_${'2'.repeat(26)}`;
const BOT_ID = `bot_${'3'.repeat(26)}`;
const TEAM_ID = `tem_${'4'.repeat(26)}`;
const KEY_ID = `key_${'5'.repeat(26)}`;
const CREATED = new Date('2030-01-01T00:00:00Z');

const clone = (phase: ClonePhase, more: Partial<Clone> = {}): Clone =>
  Clone.fromPartial({ id: CLONE_ID, name: 'first', phase, createTime: CREATED, seq: 1, ...more });
const TEAM = Team.fromPartial({ id: TEAM_ID, name: 'quants', createTime: CREATED });
const BOT = Bot.fromPartial({ id: BOT_ID, name: 'trader', teamId: TEAM_ID, createTime: CREATED });

describe('ramet', () => {
  it('exchanges its API key once, and says who is asking', async () => {
    await using mesh = await startTestMesh({
      teams: { listTeams: async () => ({ teams: [TEAM], nextPageToken: '' }) },
    });

    const { exitCode, out, errors } = await runCommand(mesh.address, ['whoami']);

    assert.equal(errors, '');
    assert.equal(exitCode, 0);
    assert.match(out, /^id: {7}usr_1{26}$/m);
    assert.match(out, /^teams: {4}quants$/m);
    assert.doesNotMatch(out, new RegExp(API_KEY));
  });

  it('follows a list to its last page', async () => {
    const asked: string[] = [];
    await using mesh = await startTestMesh({
      clones: {
        listClones: async ({ pageToken }) => {
          asked.push(pageToken);
          const name = pageToken === '' ? 'first' : 'second';
          const next = pageToken === '' ? 'more' : '';
          return { clones: [clone(ClonePhase.RUNNING, { name })], nextPageToken: next };
        },
      },
    });

    const { out } = await runCommand(mesh.address, ['clones', 'list', '--json']);

    const [first, second] = JSON.parse(out) as { name: string; phase: string }[];
    assert.deepEqual(asked, ['', 'more']);
    assert.deepEqual([first?.name, second?.name], ['first', 'second']);
    assert.equal(first?.phase, 'CLONE_PHASE_RUNNING');
  });

  it('creates a clone by the names of its bot and key', async () => {
    let request: CreateCloneRequest | undefined;
    await using mesh = await startTestMesh({
      teams: { listTeams: async () => ({ teams: [TEAM], nextPageToken: '' }) },
      bots: { listBots: async () => ({ bots: [BOT], nextPageToken: '' }) },
      keys: {
        listAvailableKeys: async () => ({
          keys: [Key.fromPartial({ id: KEY_ID, name: 'paper' })],
          nextPageToken: '',
        }),
      },
      clones: {
        createClone: async (asked) => {
          request = asked;
          return { clone: clone(ClonePhase.ACCEPTED) };
        },
      },
    });
    const args = ['--bot', 'quants/trader', '--key', 'paper', '--param', 'symbol=BTC=USDT'];
    const limits = ['--time-limit', '90s', '--memory', '64MiB', '--label', 'for=test'];

    const ran = await runCommand(mesh.address, ['clones', 'create', ...args, ...limits]);

    assert.equal(ran.errors, '');
    assert.equal(ran.exitCode, 0);
    assert.deepEqual(request?.owner, { owner: { $case: 'userId', value: USER_ID } });
    assert.equal(request?.botId, BOT_ID);
    assert.equal(request?.keyId, KEY_ID);
    assert.match(request?.requestId ?? '', /^req_[0-9a-z]{26}$/);
    assert.deepEqual(request?.parameters, [{ name: 'symbol', value: 'BTC=USDT' }]);
    assert.equal(request?.limits?.memoryBytes, 67_108_864n);
    assert.equal(request?.limits?.runTime?.seconds, 90n);
    assert.deepEqual(request?.labels, { for: 'test' });
  });

  it('fails when the clone that it waits for has failed', async () => {
    await using mesh = await startTestMesh({
      clones: {
        waitClone: async () => ({ clone: clone(ClonePhase.FAILED, { reason: 'KEY_IN_USE' }) }),
      },
    });

    const { exitCode, out, errors } = await runCommand(mesh.address, ['clones', 'wait', CLONE_ID]);

    assert.equal(exitCode, 1);
    assert.match(out, /^phase: +FAILED$/m);
    assert.match(errors, /is FAILED \(KEY_IN_USE\)/);
  });

  it('waits on when a call runs out of time, or the service is away for a moment', async () => {
    let calls = 0;
    await using mesh = await startTestMesh({
      clones: {
        waitClone: async () => {
          calls += 1;
          if (calls === 1) throw new PublicError('deadline_exceeded', 'DEADLINE_EXCEEDED', 'late');
          if (calls === 2) throw new PublicError('unavailable', 'SERVER_DRAINING', 'stopping');
          return { clone: clone(ClonePhase.COMPLETED) };
        },
      },
    });

    const { exitCode, out } = await runCommand(mesh.address, ['clones', 'wait', CLONE_ID]);

    assert.equal(exitCode, 0);
    assert.match(out, /^phase: +COMPLETED$/m);
  });

  it('stops waiting after --timeout, and says for what it waited', async () => {
    await using mesh = await startTestMesh({
      clones: {
        async waitClone(_request, { signal }) {
          await once(signal, 'abort');
          throw signal.reason;
        },
      },
    });
    const args = ['clones', 'wait', CLONE_ID, '--for', 'running,failed', '--timeout', '300ms'];

    const { exitCode, errors } = await runCommand(mesh.address, args);

    assert.equal(exitCode, 6);
    assert.match(errors, /is not running or failed yet \(DEADLINE_EXCEEDED\)/);
  });

  it('asks a person before it deletes, and a script not', async () => {
    let deleted = 0;
    await using mesh = await startTestMesh({
      clones: {
        deleteClone: async () => {
          deleted += 1;
          return { clone: clone(ClonePhase.DELETING) };
        },
      },
    });
    const args = ['clones', 'delete', CLONE_ID];

    const refused = await runCommand(mesh.address, args, { answers: ['n'] });
    const agreed = await runCommand(mesh.address, args, { answers: ['y'] });
    const script = await runCommand(mesh.address, args);

    assert.deepEqual([refused.exitCode, agreed.exitCode, script.exitCode], [2, 0, 0]);
    assert.equal(deleted, 2);
  });

  it('passes on what a workload printed, to where it was printed', async () => {
    const line = (number: bigint, stream: 1 | 2, text: string): LogLine => {
      return { number, stream, time: CREATED, text: Buffer.from(text) };
    };
    await using mesh = await startTestMesh({
      clones: {
        async *streamCloneLogs() {
          yield { lines: [line(1n, 1, 'out \u001b[2J'), line(2n, 2, 'error')] };
        },
      },
    });
    const args = ['clones', 'logs', CLONE_ID];

    const piped = await runCommand(mesh.address, args);
    const shown = await runCommand(mesh.address, args, { columns: 80 });
    const json = await runCommand(mesh.address, [...args, '--json']);

    assert.equal(piped.out, 'out \u001b[2J\n');
    assert.equal(piped.errors, 'error\n');
    assert.equal(shown.out, 'out \\u001b[2J\n');
    assert.deepEqual(
      json.out
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each).number),
      ['1', '2'],
    );
  });
});

describe('the errors of ramet', () => {
  const VIOLATIONS = [{ field: 'parameters[2].value', description: 'is too long' }];
  const refusing = (error: PublicError) =>
    startTestMesh({
      clones: {
        getClone: async () => {
          throw error;
        },
      },
    });

  it('show reason, every field, when to try again, and the trace', async () => {
    await using mesh = await refusing(
      new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', 'no more clones', {
        metadata: { limit: '5' },
        violations: VIOLATIONS,
        retryAfterMs: 90_000,
      }),
    );

    const { exitCode, errors } = await runCommand(mesh.address, ['clones', 'get', CLONE_ID]);

    assert.equal(exitCode, 5);
    assert.match(errors, /\(RESOURCE_EXHAUSTED, QUOTA_EXCEEDED\)/);
    assert.match(errors, /parameters\[2\]\.value: is too long/);
    assert.match(errors, /limit: 5/);
    assert.match(errors, /try again in 1m30s/);
  });

  it('are JSON too where JSON was asked for', async () => {
    await using mesh = await refusing(
      new PublicError('not_found', 'CLONE_NOT_FOUND', 'no such clone'),
    );
    const args = ['--json', 'clones', 'get', CLONE_ID];

    const { exitCode, out, errors } = await runCommand(mesh.address, args);

    const { error } = JSON.parse(errors) as { error: Record<string, unknown> };
    assert.equal(exitCode, 3);
    assert.equal(out, '');
    assert.deepEqual([error.code, error.reason], ['NOT_FOUND', 'CLONE_NOT_FOUND']);
    assert.equal(error.exitCode, 3);
  });

  it('say what is wrong with a request before a handler sees it', async () => {
    await using mesh = await startTestMesh();
    const args = ['keys', 'revoke-grant', 'nonsense', '--reason', 'x'.repeat(201)];

    const { exitCode, errors } = await runCommand(mesh.address, args);

    assert.equal(exitCode, 2);
    assert.match(errors, /^ {2}grant_id: /m);
    assert.match(errors, /^ {2}reason: /m);
    assert.match(errors, /REQUEST_INVALID/);
  });

  for (const [args, code] of [
    [['clones', 'lits'], 2],
    [['clones'], 2],
    [['clones', 'get'], 2],
    [['clones', 'list', '--view', 'other'], 2],
    [['clones', 'list', '--limit', '0'], 2],
    [['keys', 'create', 'paper', '--algorithm', 'ed25519'], 2],
    [['--help'], 0],
    [['--version'], 0],
  ] as const) {
    it(`end with ${code} for '${args.join(' ')}'`, async () => {
      assert.equal((await runCommand('127.0.0.1:1', args)).exitCode, code);
    });
  }

  it('end with 6 where nobody listens', async () => {
    const { exitCode, errors } = await runCommand('127.0.0.1:1', ['clones', 'get', CLONE_ID]);

    assert.equal(exitCode, 6);
    assert.match(errors, /nobody answers at 127\.0\.0\.1:1 \(ECONNREFUSED\) \(UNAVAILABLE\)/);
  });

  it('end with 4 without a valid credential', async () => {
    await using mesh = await startTestMesh();
    const args = ['clones', 'get', CLONE_ID];

    const forged = await runCommand(mesh.address, args, { env: { RAMET_API_KEY: 'another' } });
    const missing = await runCommand(mesh.address, args, { env: { RAMET_API_KEY: '' } });

    assert.equal(forged.exitCode, 4);
    assert.equal(missing.exitCode, 2);
    assert.match(missing.errors, /ramet login/);
  });
});

describe('ramet keys create', () => {
  const recording = async () => {
    const requests: CreateKeyRequest[] = [];
    const mesh = await startTestMesh({
      keys: {
        createKey: async (request) => {
          requests.push(request);
          return { key: Key.fromPartial({ id: KEY_ID, name: request.name }) };
        },
      },
    });
    return { mesh, requests };
  };
  const ARGS = ['keys', 'create', 'paper', '--algorithm', 'hmac-sha256'];

  it('takes the secret from standard input, without the line end, and shows it nowhere', async () => {
    const { mesh, requests } = await recording();
    await using _ = mesh;
    const args = [...ARGS, '--secret-file', '-'];

    const ran = await runCommand(mesh.address, args, { input: 'sixteen bytes of it\n' });

    const [request] = requests;
    assert.equal(ran.exitCode, 0);
    assert.deepEqual(request?.material, {
      $case: 'secret',
      value: Buffer.from('sixteen bytes of it'),
    });
    assert.doesNotMatch(ran.out + ran.errors, /sixteen bytes/);
  });

  it('lets the mesh make the secret', async () => {
    const { mesh, requests } = await recording();
    await using _ = mesh;

    const ran = await runCommand(mesh.address, [...ARGS, '--generate']);

    assert.equal(ran.exitCode, 0);
    assert.equal(requests[0]?.material?.$case, 'generate');
  });
});

describe('ramet clones watch', () => {
  it('goes on from its last cursor when the service was away', async () => {
    const cursors: string[] = [];
    const change = (seq: number, phase: ClonePhase): WatchClonesResponse => ({
      event: {
        $case: 'change',
        value: { clone: clone(phase, { seq }), kind: 'clone.phase_changed', actor: 'service:x' },
      },
      cursor: Buffer.from(`after ${seq}`),
    });
    await using mesh = await startTestMesh({
      clones: {
        async *watchClones({ cursor }) {
          cursors.push(cursor.toString());
          if (cursor.length === 0) {
            yield change(1, ClonePhase.RUNNING);
            throw new PublicError('unavailable', 'DRAINING', 'stopping');
          }
          yield change(2, ClonePhase.COMPLETED);
        },
      },
    });
    const args = ['clones', 'watch', CLONE_ID, '--until-rest', '--json'];

    const { exitCode, out } = await runCommand(mesh.address, args);

    const seen = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).change.clone.seq);
    assert.equal(exitCode, 0);
    assert.deepEqual(seen, [1, 2]);
    assert.deepEqual(cursors, ['', 'after 1']);
  });

  it('says that changes are missing when the checkpoint does not match', async () => {
    await using mesh = await startTestMesh({
      clones: {
        async *watchClones() {
          yield {
            event: { $case: 'checkpoint', value: { count: 1n, hash: Buffer.alloc(32) } },
            cursor: Buffer.from('1'),
          };
        },
      },
    });

    const { exitCode, errors } = await runCommand(mesh.address, ['clones', 'watch', '--verify']);

    assert.equal(exitCode, 1);
    assert.match(errors, /not whole: 0 of 1/);
  });

  it('ends with 130 when it is interrupted, and says where to go on', async () => {
    const interruption = new AbortController();
    await using mesh = await startTestMesh({
      clones: {
        async *watchClones(_request, { signal }) {
          yield {
            event: { $case: 'snapshot', value: clone(ClonePhase.RUNNING) },
            cursor: Buffer.from('here'),
          };
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
    });

    const { exitCode, errors } = await runCommand(mesh.address, ['clones', 'watch'], {
      signal: interruption.signal,
      onPrint: () => interruption.abort(),
    });

    assert.equal(exitCode, 130);
    assert.match(errors, /--cursor aGVyZQ==/);
  });
});

describe('ramet login', () => {
  it('keeps the API key for its owner alone, and uses it from then on', async () => {
    await using mesh = await startTestMesh();
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const env = { RAMET_TEAMS: mesh.address };

    const login = await runIn(['login'], { home, env, input: `${API_KEY}\n` });
    const file = join(home, '.config', 'ramet', 'config.json');
    const { mode } = await stat(file);
    const used = await runIn(['users', 'get', '--json'], { home });

    assert.equal(login.exitCode, 0);
    assert.doesNotMatch(login.out + login.errors, new RegExp(API_KEY));
    assert.equal(mode & 0o777, 0o600);
    assert.ok((await readFile(file, 'utf8')).includes(API_KEY));
    assert.equal(used.exitCode, 0);
    assert.equal((JSON.parse(used.out) as { name: string }).name, 'ada');
    await rm(home, { recursive: true });
  });

  it('keeps nothing of a key that is refused', async () => {
    await using mesh = await startTestMesh();
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));

    const { exitCode } = await runIn(['login'], {
      home,
      env: { RAMET_TEAMS: mesh.address },
      input: 'wrong',
    });

    assert.equal(exitCode, 4);
    await assert.rejects(stat(join(home, '.config')), { code: 'ENOENT' });
    await rm(home, { recursive: true });
  });

  it('refuses a config file that others may read', async () => {
    const home = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const file = join(home, 'config.json');
    await writeFile(file, '{"current":"","profiles":{}}', { mode: 0o644 });

    const { exitCode, errors } = await runIn(['whoami'], { home, env: { RAMET_CONFIG: file } });

    assert.equal(exitCode, 2);
    assert.match(errors, /chmod 600/);
    await rm(home, { recursive: true });
  });
});

describe('ramet inside a house with a running mesh', () => {
  it('finds its services and its credentials', async () => {
    await using mesh = await startTestMesh();
    const house = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const inside = join(house, 'services', 'teams');
    const credentials = join(house, '.ramet', 'credentials');
    await mkdir(inside, { recursive: true });
    await mkdir(credentials, { recursive: true });
    const ports = { teams: mesh.port, keys: mesh.port, lifecycle: mesh.port };
    await writeFile(join(house, '.ramet', 'mesh.json'), JSON.stringify({ ports }));
    await writeFile(join(credentials, 'user'), `${API_KEY}\n`);

    const known = await runIn(['--as', 'user', 'users', 'get'], { folder: inside });
    const unknown = await runIn(['--as', '../x', 'users', 'get'], { folder: inside });

    assert.equal(known.exitCode, 0);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.errors, /it has: user/);
    await rm(house, { recursive: true });
  });
});
