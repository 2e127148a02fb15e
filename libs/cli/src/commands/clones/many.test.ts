// Goal: many clones are stopped or deleted at once as they were meant, and never all by mistake.
// Method: the command in this process, and real gRPC with the answers of the test.
import assert from 'node:assert/strict';
import {
  Clone,
  ClonePhase,
  CloneResult,
  type DeleteClonesRequest,
  type StopCloneRequest,
  type StopClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { runCommand, startTestMesh, USER_ID } from '../../test-mesh.js';

const ONE = `cln_${'1'.repeat(26)}`;
const TWO = `cln_${'2'.repeat(26)}`;
const ME = { owner: { $case: 'userId', value: USER_ID } };
const clone = (id: string, phase: ClonePhase): Clone => Clone.fromPartial({ id, phase });
const FILTER = 'labels.for = "test"';

describe('ramet clones stop', () => {
  it('stops the one that somebody else calls so', async () => {
    const { mesh, stopped } = await stopping();
    await using _ = mesh;
    const args = ['clones', 'stop', '--external-ref', 'agreement 7'];
    const { exitCode } = await runCommand(mesh.address, args);
    const both = await runCommand(mesh.address, [...args, ONE]);
    assert.deepEqual([exitCode, both.exitCode], [0, 2]);
    assert.deepEqual(stopped, [
      { id: '', etag: '', external: { owner: ME, externalRef: 'agreement 7' } },
    ]);
  });

  it('stops many, tells of each, and fails if one did not go well', async () => {
    const { mesh, batches } = await stopping();
    await using _ = mesh;
    const { exitCode, out, errors } = await runCommand(mesh.address, ['clones', 'stop', ONE, TWO]);
    assert.equal(exitCode, 1);
    assert.deepEqual(batches[0]?.ids, [ONE, TWO]);
    assert.match(out, new RegExp(`^${ONE} +- +STOPPING`, 'm'));
    assert.match(out, new RegExp(`^${TWO} +- +- +CLONE_NOT_FOUND +there is none`, 'm'));
    assert.match(errors, /did not go well for 1 of 2/);
  });

  it('stops those that a filter selects, if they are as many as expected', async () => {
    const { mesh, batches } = await stopping();
    await using _ = mesh;
    await runCommand(mesh.address, ['clones', 'stop', '--filter', FILTER, '--expect', '2']);
    assert.deepEqual(batches[0]?.ids, []);
    assert.deepEqual(batches[0]?.selection, { owner: ME, filter: FILTER, expectedCount: 2 });
  });

  it('asks for nothing where it is not said which', async () => {
    const { mesh, batches, stopped } = await stopping();
    await using _ = mesh;
    const wrong = [
      [],
      ['--filter', FILTER],
      ['--filter', FILTER, '--expect', '0'],
      ['--filter', FILTER, '--expect', '501'],
      ['--filter', FILTER, '--expect', '1', ONE],
      ['--expect', '1', ONE],
      [ONE, TWO, '--etag', 'e'],
    ];
    for (const args of wrong) {
      const { exitCode } = await runCommand(mesh.address, ['clones', 'stop', ...args]);
      assert.equal(exitCode, 2, args.join(' '));
    }
    assert.deepEqual([batches, stopped], [[], []]);
  });
});

describe('ramet clones delete', () => {
  it('asks a person before it deletes many, and waits until they are gone', async () => {
    const requests: DeleteClonesRequest[] = [];
    await using mesh = await startTestMesh({
      clones: {
        deleteClones: async (request) => {
          requests.push(request);
          const results = [ONE, TWO].map((id) => {
            return CloneResult.fromPartial({ id, clone: clone(id, ClonePhase.DELETING) });
          });
          return { results };
        },
        waitClone: async ({ id, phases }) => {
          assert.deepEqual(phases, [ClonePhase.DELETED]);
          return { clone: clone(id, ClonePhase.DELETED) };
        },
      },
    });
    const args = ['clones', 'delete', '--filter', FILTER, '--expect', '2', '--wait'];
    const refused = await runCommand(mesh.address, args, { answers: ['n'] });
    const agreed = await runCommand(mesh.address, args, { answers: ['y'] });

    assert.deepEqual([refused.exitCode, agreed.exitCode], [2, 0]);
    assert.deepEqual(
      requests.map(({ selection }) => selection?.expectedCount),
      [2],
    );
    assert.match(agreed.out, new RegExp(`^${TWO} +- +DELETED`, 'm'));
  });
});

async function stopping() {
  const stopped: StopCloneRequest[] = [];
  const batches: StopClonesRequest[] = [];
  const mesh = await startTestMesh({
    clones: {
      stopClone: async (request) => {
        stopped.push(request);
        return { clone: clone(ONE, ClonePhase.STOPPING) };
      },
      stopClones: async (request) => {
        batches.push(request);
        const error = { code: 5, reason: 'CLONE_NOT_FOUND', message: 'there is none' };
        return {
          results: [
            CloneResult.fromPartial({ id: ONE, clone: clone(ONE, ClonePhase.STOPPING) }),
            CloneResult.fromPartial({ id: TWO, error }),
          ],
        };
      },
    },
  });
  return { mesh, stopped, batches };
}
