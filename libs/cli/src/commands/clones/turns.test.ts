// Goal: a clone is changed as it was asked, and --wait ends when that has come true, or cannot.
// Method: the command in this process, and real gRPC with the answers of the test.
import assert from 'node:assert/strict';
import {
  Clone,
  ClonePhase,
  type ExtendCloneRequest,
  type RestartCloneRequest,
  type UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { runCommand, startTestMesh } from '../../test-mesh.js';

const CLONE_ID = `cln_${'2'.repeat(26)}`;
const AT = Date.UTC(2030, 0, 1);
const { RUNNING, COMPLETED, FAILED, SUSPENDED, ARCHIVED, UPDATING, ACCEPTED } = ClonePhase;
const { SUSPENDING, ARCHIVING } = ClonePhase;

/** A clone that came into its phase some seconds after the first moment. */
const clone = (phase: ClonePhase, second: number, more: Partial<Clone> = {}): Clone =>
  Clone.fromPartial({ id: CLONE_ID, phase, phaseTime: new Date(AT + second * 1_000), ...more });

/** Answers each wait as the service would that sees these clones, one after the other. */
function waits(seen: readonly Clone[]) {
  let next = 0;
  const asked: (readonly ClonePhase[])[] = [];
  const waitClone = async ({ phases }: { readonly phases: readonly ClonePhase[] }) => {
    asked.push(phases);
    while (next < seen.length - 1 && !phases.includes(seen[next]?.phase ?? 0)) next += 1;
    const found = seen[next];
    assert.ok(found && phases.includes(found.phase), 'nothing would come of this wait');
    return { clone: found };
  };
  return { waitClone, asked };
}

describe('ramet clones restart', () => {
  it('waits for the new run, not for the end of the old one', async () => {
    const requests: RestartCloneRequest[] = [];
    const seen = [clone(FAILED, 0), clone(ACCEPTED, 1), clone(RUNNING, 2)];
    await using mesh = await startTestMesh({
      clones: {
        restartClone: async (request) => {
          requests.push(request);
          return { clone: clone(FAILED, 0) };
        },
        waitClone: waits(seen).waitClone,
      },
    });
    const args = ['clones', 'restart', CLONE_ID, '--resume', '--etag', 'e', '--wait'];
    const { exitCode, out, errors } = await runCommand(mesh.address, args);

    assert.equal(errors, '');
    assert.equal(exitCode, 0);
    assert.match(out, /^phase: +RUNNING$/m);
    assert.match(requests[0]?.requestId ?? '', /^req_/);
    assert.deepEqual([requests[0]?.resume, requests[0]?.etag], [true, 'e']);
  });

  it('fails when the new run fails as the old one did', async () => {
    const seen = [clone(FAILED, 0), clone(ACCEPTED, 1), clone(FAILED, 2, { reason: 'AGAIN' })];
    await using mesh = await startTestMesh({
      clones: {
        restartClone: async () => ({ clone: clone(FAILED, 0) }),
        waitClone: waits(seen).waitClone,
      },
    });
    const args = ['clones', 'restart', CLONE_ID, '--wait'];
    const { exitCode, errors } = await runCommand(mesh.address, args);
    assert.equal(exitCode, 1);
    assert.match(errors, /is FAILED \(AGAIN\)/);
  });
});

describe('ramet clones', () => {
  const TURNS = [
    ['suspend', RUNNING, SUSPENDED],
    ['archive', COMPLETED, ARCHIVED],
    ['resume', SUSPENDED, RUNNING],
    ['restore', ARCHIVED, RUNNING],
  ] as const;
  for (const [verb, from, to] of TURNS) {
    it(`${verb} waits until that has come true`, async () => {
      const answer = async () => ({ clone: clone(from, 0) });
      const method = `${verb}Clone` as const;
      const seen = [clone(from, 0), clone(to, 1)];
      await using mesh = await startTestMesh({
        clones: { [method]: answer, waitClone: waits(seen).waitClone },
      });
      const plain = await runCommand(mesh.address, ['clones', verb, CLONE_ID]);
      const waited = await runCommand(mesh.address, ['clones', verb, CLONE_ID, '--wait']);
      assert.match(plain.out, new RegExp(`^phase: +${nameOf(from)}$`, 'm'));
      assert.match(waited.out, new RegExp(`^phase: +${nameOf(to)}$`, 'm'));
    });

    it(`${verb} waits for nothing when it is so already`, async () => {
      const method = `${verb}Clone` as const;
      await using mesh = await startTestMesh({
        clones: { [method]: async () => ({ clone: clone(to, 0) }) },
      });
      const { exitCode } = await runCommand(mesh.address, ['clones', verb, CLONE_ID, '--wait']);
      assert.equal(exitCode, 0);
    });
  }

  for (const [verb, from, onTheWay] of [
    ['suspend', RUNNING, SUSPENDING],
    ['archive', SUSPENDED, ARCHIVING],
  ] as const) {
    it(`${verb} fails where the clone comes back to what it was`, async () => {
      const told = { type: 'NOT_PUT_DOWN', message: 'its host is away', sinceTime: undefined };
      const back = clone(from, 2, { conditions: [told] });
      const seen = [clone(from, 0), clone(onTheWay, 1), back];
      await using mesh = await startTestMesh({
        clones: {
          [`${verb}Clone`]: async () => ({ clone: clone(from, 0) }),
          waitClone: waits(seen).waitClone,
        },
      });
      const args = ['clones', verb, CLONE_ID, '--wait'];
      const { exitCode, errors } = await runCommand(mesh.address, args);
      assert.equal(exitCode, 1);
      assert.match(errors, new RegExp(`is ${nameOf(from)} \\(its host is away\\)`));
    });
  }

  it('resume fails where time is over before the clone has moved', async () => {
    const before = clone(SUSPENDED, 0, { actionId: 'act_1' });
    await using mesh = await startTestMesh({
      clones: {
        resumeClone: async () => ({ clone: before }),
        waitClone: waits([clone(SUSPENDED, 0)]).waitClone,
      },
    });
    const { exitCode, errors } = await runCommand(mesh.address, [
      'clones',
      'resume',
      CLONE_ID,
      '--wait',
    ]);
    assert.equal(exitCode, 1);
    assert.match(errors, /is SUSPENDED/);
  });

  it('suspend does not mind an update that failed before', async () => {
    const told = { type: 'UPDATE_FAILED', message: 'long ago', sinceTime: undefined };
    const seen = [clone(RUNNING, 0), clone(SUSPENDED, 1, { conditions: [told] })];
    await using mesh = await startTestMesh({
      clones: {
        suspendClone: async () => ({ clone: clone(RUNNING, 0) }),
        waitClone: waits(seen).waitClone,
      },
    });
    const args = ['clones', 'suspend', CLONE_ID, '--wait'];
    const { exitCode, errors } = await runCommand(mesh.address, args);
    assert.deepEqual([exitCode, errors], [0, '']);
  });

  it('extend by a duration, with a reason', async () => {
    const requests: ExtendCloneRequest[] = [];
    await using mesh = await startTestMesh({
      clones: {
        extendClone: async (request) => {
          requests.push(request);
          return { clone: clone(RUNNING, 0, { expireTime: new Date(AT) }) };
        },
      },
    });
    const args = ['clones', 'extend', CLONE_ID, '7d', '--reason', 'demo'];
    const { out } = await runCommand(mesh.address, args);
    const bare = await runCommand(mesh.address, ['clones', 'extend', CLONE_ID, '7d']);
    assert.deepEqual([requests[0]?.by?.seconds, requests[0]?.reason], [604_800n, 'demo']);
    assert.match(out, /^expires: +2030-01-01T00:00:00\.000Z$/m);
    assert.equal(bare.exitCode, 2);
  });
});

describe('ramet clones update', () => {
  it('changes what is named and nothing else', async () => {
    const { mesh, requests } = await updating([clone(COMPLETED, 0)]);
    await using _ = mesh;
    const values = ['--param', 'a=1', '--unset-param', 'b', '--override', 'c=2'];
    const more = ['--env-override', 'd=3', '--unset-override', 'e', '--unset-env-override', 'f'];
    const secret = ['--secret-override-file', 'g=-'];
    const args = ['clones', 'update', CLONE_ID, '--tag', 'v2', ...values, ...more, ...secret];
    const ran = await runCommand(mesh.address, args, { input: 'hush\n' });

    assert.equal(ran.errors, '');
    assert.doesNotMatch(ran.out, /hush/);
    const [request] = requests;
    assert.deepEqual([request?.tag, request?.name, request?.limits], ['v2', '', undefined]);
    assert.equal(request?.updateMask, undefined);
    assert.deepEqual(request?.setParameters, [{ name: 'a', value: '1' }]);
    assert.deepEqual(request?.unsetParameters, ['b']);
    assert.deepEqual(
      request?.overrides.map(({ name, scope, change }) => [name, scope, change]),
      [
        ['c', 1, { $case: 'value', value: '2' }],
        ['d', 2, { $case: 'value', value: '3' }],
        ['g', 1, { $case: 'secretValue', value: 'hush' }],
        ['e', 1, { $case: 'unset', value: true }],
        ['f', 2, { $case: 'unset', value: true }],
      ],
    );
  });

  it('names in a mask what it clears, and what else it sets', async () => {
    const { mesh, requests } = await updating([clone(COMPLETED, 0)]);
    await using _ = mesh;
    const args = ['clones', 'update', CLONE_ID, '--clear', 'labels', '--template-revision', '3'];
    await runCommand(mesh.address, args);
    assert.deepEqual(requests[0]?.updateMask, ['template_revision', 'labels']);
    assert.equal(requests[0]?.templateRevision, 3);
  });

  it('refuses what makes no sense, and asks for nothing', async () => {
    const { mesh, requests } = await updating([]);
    await using _ = mesh;
    const update = ['clones', 'update', CLONE_ID];
    const refused = await Promise.all([
      runCommand(mesh.address, update),
      runCommand(mesh.address, [...update, '--clear', 'phase']),
      runCommand(mesh.address, [...update, '--clear', 'tag', '--tag', 'v2']),
      runCommand(mesh.address, [...update, '--cpu', 'many']),
      runCommand(mesh.address, [...update, '--override', 'a=1', '--secret-override-file', 'a=-']),
    ]);
    assert.deepEqual(
      refused.map(({ exitCode }) => exitCode),
      [2, 2, 2, 2, 2],
    );
    assert.equal(requests.length, 0);
  });

  it('waits until it runs the new release, and fails if that was given up', async () => {
    const candidate = { number: 2 };
    const before = Clone.fromPartial({ ...clone(RUNNING, 0), candidate });
    const condition = { type: 'UPDATE_FAILED', message: 'the probe failed', sinceTime: undefined };
    const good = [before, clone(UPDATING, 1), clone(RUNNING, 2)];
    const bad = [...good.slice(0, 2), clone(RUNNING, 2, { conditions: [condition] })];
    const args = ['clones', 'update', CLONE_ID, '--tag', 'v2', '--wait'];

    const { mesh: well } = await updating(good);
    await using _ = well;
    const { mesh: badly } = await updating(bad);
    await using __ = badly;
    const updated = await runCommand(well.address, args);
    const failed = await runCommand(badly.address, args);

    assert.equal(updated.exitCode, 0);
    assert.match(updated.out, /^phase: +RUNNING$/m);
    assert.equal(failed.exitCode, 1);
    assert.match(failed.errors, /was not updated: the probe failed/);
  });
});

async function updating(seen: readonly Clone[]) {
  const requests: UpdateCloneRequest[] = [];
  const mesh = await startTestMesh({
    clones: {
      updateClone: async (request) => {
        requests.push(request);
        return { clone: seen[0] };
      },
      waitClone: waits(seen).waitClone,
    },
  });
  return { mesh, requests };
}

function nameOf(phase: ClonePhase): string {
  return Object.entries(ClonePhase).find(([, value]) => value === phase)?.[0] ?? '';
}
