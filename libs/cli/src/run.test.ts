import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PublicError } from '@ramet/errors';
import { type CreateKeyRequest, Key, SignOperation } from '@ramet/proto-gen/keys.v1';
import {
  Clone,
  ClonePhase,
  type CreateCloneRequest,
  type LogLine,
} from '@ramet/proto-gen/lifecycle.v1';
import { Bot, Team } from '@ramet/proto-gen/teams.v1';
import { API_KEY, runCommand, startTestMesh, USER_ID } from './test-mesh.js';

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

  it('lists by name, filter and order', async () => {
    const asked: { filter: string; orderBy: string }[] = [];
    await using mesh = await startTestMesh({
      clones: {
        listClones: async ({ filter, orderBy }) => {
          asked.push({ filter, orderBy });
          return { clones: [clone(ClonePhase.RUNNING, { name: 'first' })], nextPageToken: '' };
        },
      },
    });
    const list = ['clones', 'list'];
    const filter = ['--filter', 'phase = FAILED OR phase = STOPPED'];

    await runCommand(mesh.address, [...list, '--name', 'web-*', ...filter]);
    await runCommand(mesh.address, [...list, '--name', 'a"b', '--order-by', 'name desc']);
    await runCommand(mesh.address, [...list, ...filter]);
    await runCommand(mesh.address, ['clones', 'get', 'first']);

    assert.deepEqual(asked, [
      { filter: 'phase = FAILED OR phase = STOPPED AND name = "web-*"', orderBy: '' },
      { filter: 'name = "a\\"b"', orderBy: 'name desc' },
      { filter: 'phase = FAILED OR phase = STOPPED', orderBy: '' },
      { filter: 'name = "first"', orderBy: '' },
    ]);
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
          return { clone: clone(ClonePhase.ACCEPTED), quotas: [] };
        },
      },
    });
    const args = ['--bot', 'quants/trader', '--key', 'paper', '--param', 'symbol=BTC=USDT'];
    const limits = [
      '--time-limit',
      '90s',
      '--memory',
      '64MiB',
      '--label',
      'for=test',
      '--sign',
      'venue,raw',
    ];

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
    const { VENUE, RAW } = SignOperation;
    assert.deepEqual(request?.keyLimits?.operations, [VENUE, RAW]);
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

  it('takes the passphrase of a venue from a file or standard input, which is one of both', async () => {
    const { mesh, requests } = await recording();
    await using _ = mesh;
    const args = [...ARGS, '--venue', 'okx', '--venue-key-id', 'K', '--passphrase-file', '-'];

    const ran = await runCommand(mesh.address, [...args, '--generate'], { input: 'sesame\n' });
    const both = await runCommand(mesh.address, [...args, '--secret-file', '-'], { input: 'x\n' });

    assert.equal(ran.exitCode, 0);
    assert.equal(requests[0]?.passphrase.toString(), 'sesame');
    assert.doesNotMatch(ran.out + ran.errors, /sesame/);
    assert.equal(both.exitCode, 2);
    assert.match(both.errors, /not both/);
    assert.equal(requests.length, 1);
  });

  it('lets the mesh make the secret', async () => {
    const { mesh, requests } = await recording();
    await using _ = mesh;

    const ran = await runCommand(mesh.address, [...ARGS, '--generate']);

    assert.equal(ran.exitCode, 0);
    assert.equal(requests[0]?.material?.$case, 'generate');
  });
});
