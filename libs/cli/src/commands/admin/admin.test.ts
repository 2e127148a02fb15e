// Goal: administrators do what only they may, with a reason; and everybody sees the log of actions.
// Method: the command in this process, and real gRPC with the answers of the test.
import assert from 'node:assert/strict';
import {
  Action,
  ActionOutcome,
  Clone,
  CloneKind,
  ClonePhase,
  Quota,
  QuotaMismatch,
  type SetQuotaRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { systemClock } from '@ramet/service';
import { runCommand, startTestMesh } from '../../test-mesh.js';

const CLONE_ID = `cln_${'2'.repeat(26)}`;
const TEAM_ID = `tem_${'4'.repeat(26)}`;
const ACTION_ID = `act_${'5'.repeat(26)}`;
const CLONE = Clone.fromPartial({ id: CLONE_ID, phase: ClonePhase.RUNNING });
const CLOCK = { ...systemClock, now: () => new Date('2030-01-01T00:00:00Z') };
const WHY = ['--reason', 'why not'];

describe('ramet admin', () => {
  it('sends each change of a clone with its reason', async () => {
    const told: object[] = [];
    const tell = (name: string) => async (request: object) => {
      told.push({ name, ...request });
      return { clone: CLONE };
    };
    await using mesh = await startTestMesh({
      admin: true,
      cloneAdmin: {
        forceDeleteClone: tell('force-delete'),
        setCloneExpiry: tell('set-expiry'),
        reassignClone: tell('reassign'),
        rotateCloneSecrets: tell('rotate-secrets'),
        setCloneTraits: tell('traits'),
      },
    });
    const commands = [
      ['force-delete', CLONE_ID],
      ['set-expiry', CLONE_ID, '--at', '1d'],
      ['set-expiry', CLONE_ID, '--never'],
      ['reassign', CLONE_ID, TEAM_ID, '--etag', 'e'],
      ['rotate-secrets', CLONE_ID, '--request-id', 'once'],
      ['traits', CLONE_ID, 'internal', 'demo'],
      ['traits', CLONE_ID, '--clear'],
    ];
    for (const args of commands) {
      const ran = await runCommand(mesh.address, ['admin', ...args, ...WHY], { clock: CLOCK });
      assert.equal(ran.exitCode, 0, ran.errors);
    }

    const same = { id: CLONE_ID, reason: 'why not', etag: '' };
    const owner = { owner: { $case: 'teamId', value: TEAM_ID } };
    assert.deepEqual(told, [
      { name: 'force-delete', ...same },
      { name: 'set-expiry', ...same, expireTime: new Date('2030-01-02T00:00:00Z') },
      { name: 'set-expiry', ...same, expireTime: undefined },
      { name: 'reassign', ...same, etag: 'e', owner },
      { name: 'rotate-secrets', ...same, requestId: 'once' },
      { name: 'traits', ...same, traits: ['internal', 'demo'] },
      { name: 'traits', ...same, traits: [] },
    ]);
  });

  it('asks before it destroys, and for what is missing', async () => {
    await using mesh = await startTestMesh({ admin: true });
    const wrong = [
      ['force-delete', CLONE_ID],
      ['set-expiry', CLONE_ID, ...WHY],
      ['set-expiry', CLONE_ID, ...WHY, '--never', '--at', '1d'],
      ['traits', CLONE_ID, ...WHY],
      ['set-quota', 'bot', 'clones', ...WHY],
      ['set-quota', 'bot', 'clones', '5', '--clear', ...WHY],
      ['set-quota', 'bot', 'disks', '5', ...WHY],
    ];
    for (const args of wrong) {
      const { exitCode } = await runCommand(mesh.address, ['admin', ...args]);
      assert.equal(exitCode, 2, args.join(' '));
    }
    for (const args of [
      ['force-delete', CLONE_ID],
      ['reassign', CLONE_ID, TEAM_ID],
      ['rotate-secrets', CLONE_ID],
    ]) {
      const ran = await runCommand(mesh.address, ['admin', ...args, ...WHY], { answers: ['n'] });
      assert.match(ran.errors, /nothing was done/, args.join(' '));
    }
  });

  it('sets, clears and shows limits', async () => {
    const requests: SetQuotaRequest[] = [];
    const quota = Quota.fromPartial({
      kind: CloneKind.BOT,
      resource: 'memory_bytes',
      limit: 2_048n,
    });
    await using mesh = await startTestMesh({
      admin: true,
      clones: { getQuota: async () => ({ quotas: [quota] }) },
      cloneAdmin: {
        setQuota: async (request) => {
          requests.push(request);
          return { quota };
        },
      },
    });
    const set = ['admin', 'set-quota', 'bot', 'memory-bytes'];
    const shown = await runCommand(mesh.address, [...set, '2KiB', ...WHY, '--owner', TEAM_ID]);
    await runCommand(mesh.address, [...set, '--clear', ...WHY]);
    const listed = await runCommand(mesh.address, ['admin', 'quotas', TEAM_ID]);

    assert.match(shown.out, /^limit: +2KiB$/m);
    assert.match(listed.out, /^BOT +memory_bytes +0B +2KiB/m);
    assert.deepEqual(
      requests.map(({ owner, resource, limit }) => [owner?.owner?.value, resource, limit]),
      [
        [TEAM_ID, 'memory_bytes', 2_048n],
        [undefined, 'memory_bytes', undefined],
      ],
    );
  });

  it('fails when balances do not agree, and tells which', async () => {
    const answers = [
      [],
      [QuotaMismatch.fromPartial({ resource: 'clones', balance: 2n, held: 1n })],
    ];
    await using mesh = await startTestMesh({
      admin: true,
      cloneAdmin: {
        checkQuotas: async () => ({ checked: 7n, mismatches: answers.shift() ?? [] }),
      },
    });
    const good = await runCommand(mesh.address, ['admin', 'check-quotas']);
    const bad = await runCommand(mesh.address, ['admin', 'check-quotas']);
    assert.deepEqual([good.exitCode, bad.exitCode], [0, 1]);
    assert.match(good.errors, /7 balances agree/);
    assert.match(bad.out, /clones +2 +0 +1$/m);
  });
});

describe('ramet actions', () => {
  it('lists them, and shows one with what was printed meanwhile', async () => {
    const action = Action.fromPartial({
      ...{ id: ACTION_ID, cloneId: CLONE_ID, cloneName: 'first', name: 'clones.update' },
      ...{ outcome: ActionOutcome.FAILED, message: 'the probe failed' },
      duration: { seconds: 90n },
    });
    const outputTail = Buffer.from('one\n\u001b[2Jtwo\n');
    await using mesh = await startTestMesh({
      actions: {
        listActions: async ({ cloneId }) => {
          assert.equal(cloneId, CLONE_ID);
          return { actions: [action], nextPageToken: '' };
        },
        getActionLog: async () => ({ action, outputTail }),
      },
    });
    const list = await runCommand(mesh.address, ['actions', 'list', '--clone', CLONE_ID]);
    const log = await runCommand(mesh.address, ['actions', 'log', ACTION_ID]);
    const json = await runCommand(mesh.address, ['actions', 'log', ACTION_ID, '--json']);

    assert.match(list.out, /clones\.update +first .* 1m30s +FAILED +the probe failed$/m);
    assert.match(log.out, /^outcome: +FAILED$/m);
    assert.match(log.out, /\n\none\n\\u001b\[2Jtwo\n$/);
    assert.equal(JSON.parse(json.out).outputTail, outputTail.toString('base64'));
  });
});
