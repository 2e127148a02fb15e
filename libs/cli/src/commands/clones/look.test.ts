// Goal: a clone is seen as it is and as it was, with what would change it.
// Method: the command in this process, and real gRPC with the answers of the test.
import assert from 'node:assert/strict';
import {
  Cause,
  Clone,
  ClonePhase,
  type CreateCloneRequest,
  type DiffCloneRequest,
  Execution,
  type GetCloneRequest,
  type ListCloneHistoryRequest,
  Quota,
  Template,
} from '@ramet/proto-gen/lifecycle.v1';
import { systemClock } from '@ramet/service';
import { runCommand, startTestMesh, USER_ID } from '../../test-mesh.js';

const CLONE_ID = `cln_${'2'.repeat(26)}`;
const TEMPLATE_ID = `tpl_${'3'.repeat(26)}`;
const CLOCK = { ...systemClock, now: () => new Date('2030-01-02T00:00:00Z') };
const CLONE = Clone.fromPartial({ id: CLONE_ID, name: 'first', phase: ClonePhase.RUNNING });

describe('ramet clones', () => {
  it('get shows a clone as it was', async () => {
    const requests: GetCloneRequest[] = [];
    await using mesh = await startTestMesh({
      clones: {
        getClone: async (request) => {
          requests.push(request);
          return { clone: CLONE };
        },
      },
    });
    const get = ['clones', 'get', CLONE_ID];
    await runCommand(mesh.address, get);
    await runCommand(mesh.address, [...get, '--as-of', 'seq:4']);
    await runCommand(mesh.address, [...get, '--as-of', '2029-12-31T00:00:00Z']);
    assert.deepEqual(
      requests.map(({ asOf }) => asOf?.moment?.value),
      [undefined, 4, new Date('2029-12-31T00:00:00Z')],
    );
  });

  it('history asks for what happened, by whom and when', async () => {
    const requests: ListCloneHistoryRequest[] = [];
    await using mesh = await startTestMesh({
      clones: {
        listCloneHistory: async (request) => {
          requests.push(request);
          return { entries: [], nextPageToken: '' };
        },
      },
    });
    const kinds = ['--kind', 'clone.phase_changed', '--kind', 'clone.created'];
    const rest = ['--actor', 'me', '--since', '1d', '--until', '2030-01-01T12:00:00Z'];
    const args = ['clones', 'history', CLONE_ID, ...kinds, ...rest];
    const { exitCode } = await runCommand(mesh.address, args, { clock: CLOCK });
    const [request] = requests;
    assert.equal(exitCode, 0);
    assert.deepEqual(request?.kinds, ['clone.phase_changed', 'clone.created']);
    assert.equal(request?.actor, `user:${USER_ID}`);
    assert.equal(request?.startTime?.toISOString(), '2030-01-01T00:00:00.000Z');
    assert.equal(request?.endTime?.toISOString(), '2030-01-01T12:00:00.000Z');
  });

  it('explain shows each cause under what it has caused', async () => {
    const cause = Cause.fromPartial({
      ...{ code: 'STARTING', message: 'it is being started' },
      causes: [{ code: 'WAITING_FOR_PROBE', subject: 'stage web', unblockedBy: 'a good answer' }],
    });
    await using mesh = await startTestMesh({
      clones: { explainClone: async () => ({ clone: CLONE, cause }) },
    });
    const { out } = await runCommand(mesh.address, ['clones', 'explain', CLONE_ID]);
    const json = await runCommand(mesh.address, ['clones', 'explain', CLONE_ID, '--json']);
    assert.match(out, /^STARTING: +it is being started$/m);
    assert.match(out, /^ {2}WAITING_FOR_PROBE: +\(stage web\); what would end it: a good answer$/m);
    assert.equal(JSON.parse(json.out).cause.causes[0].code, 'WAITING_FOR_PROBE');
  });

  it('diff tells what differs, until now or between two moments', async () => {
    const requests: DiffCloneRequest[] = [];
    await using mesh = await startTestMesh({
      clones: {
        diffClone: async (request) => {
          requests.push(request);
          return { diffs: [{ path: 'release.tag', a: '', b: '"v2"' }], seqA: 1, seqB: 5 };
        },
      },
    });
    const { out } = await runCommand(mesh.address, ['clones', 'diff', CLONE_ID, 'seq:1']);
    await runCommand(mesh.address, ['clones', 'diff', CLONE_ID, 'seq:1', 'position:9']);
    assert.match(out, /^release\.tag: +absent -> "v2"$/m);
    assert.deepEqual(
      requests.map(({ a, b }) => [a?.moment?.value, b?.moment?.value]),
      [
        [1, undefined],
        [1, 9n],
      ],
    );
  });

  it('executions lists them', async () => {
    const execution = Execution.fromPartial({ id: 'exe_1', stage: 'train', epoch: 2, release: 3 });
    await using mesh = await startTestMesh({
      clones: {
        listCloneExecutions: async () => ({ executions: [execution], nextPageToken: '' }),
      },
    });
    const { out } = await runCommand(mesh.address, ['clones', 'executions', CLONE_ID]);
    assert.match(out, /^exe_1 +train +2 +3 /m);
  });
});

describe('ramet clones create', () => {
  it('makes a clone of a template, with inputs, values and a policy of its own', async () => {
    const requests: CreateCloneRequest[] = [];
    await using mesh = await startTestMesh({
      templates: {
        listTemplates: async ({ name }) => ({
          templates: [Template.fromPartial({ id: TEMPLATE_ID, name })],
          nextPageToken: '',
        }),
      },
      clones: {
        listClones: async () => ({ clones: [CLONE], nextPageToken: '' }),
        createClone: async (request) => {
          requests.push(request);
          const quotas = [Quota.fromPartial({ kind: 2, resource: 'memory_bytes', used: 1_024n })];
          return { clone: CLONE, quotas };
        },
      },
    });
    const made = ['--template', 'train', '--template-revision', '2', '--tag', 'v2'];
    const inputs = ['--input', 'a=https://x/a,max=1KiB', '--input', 'b=result:first/run/out.csv'];
    const values = ['--override', 'c=1', '--secret-override-file', 'd=-'];
    const life = [
      '--expire-after',
      '14d',
      '--idle-after',
      '1h',
      '--cpu',
      '1.5',
      '--storage',
      '2GiB',
    ];
    const rest = ['--external-ref', 'agreement 7', '--private-results', '--validate-only'];
    const args = ['clones', 'create', ...made, ...inputs, ...values, ...life, ...rest];
    const { exitCode, out, errors } = await runCommand(mesh.address, args, { input: 'hush' });

    assert.equal(exitCode, 0, errors);
    assert.match(out, /^WORKFLOW +memory_bytes +1KiB /m);
    const [request] = requests;
    assert.deepEqual(
      [request?.templateId, request?.templateRevision, request?.tag, request?.botId],
      [TEMPLATE_ID, 2, 'v2', ''],
    );
    assert.deepEqual(
      request?.inputs.map(({ source, maxBytes }) => [source?.value, maxBytes]),
      [
        ['https://x/a', 1_024n],
        [{ cloneId: CLONE_ID, name: 'run/out.csv' }, 0n],
      ],
    );
    assert.deepEqual(
      request?.overrides.map(({ change }) => change?.value),
      ['1', 'hush'],
    );
    assert.deepEqual(
      [request?.policy?.expireAfter?.seconds, request?.policy?.idleAfter?.seconds],
      [1_209_600n, 3_600n],
    );
    assert.deepEqual(
      [request?.limits?.cpuMillis, request?.limits?.storageBytes],
      [1_500n, 2n ** 31n],
    );
    assert.deepEqual([request?.externalRef, request?.privateResults], ['agreement 7', true]);
  });

  it('wants a bot or a template', async () => {
    await using mesh = await startTestMesh();
    const { exitCode, errors } = await runCommand(mesh.address, ['clones', 'create']);
    assert.equal(exitCode, 2);
    assert.match(errors, /--bot or --template/);
  });
});
