import assert from 'node:assert/strict';
import { PublicError } from '@ramet/errors';
import { Clone, ClonePhase, type WatchClonesResponse } from '@ramet/proto-gen/lifecycle.v1';
import { runCommand, startTestMesh } from '../../test-mesh.js';

const CLONE_ID = `cln_${'2'.repeat(26)}`;
const CREATED = new Date('2030-01-01T00:00:00Z');
const clone = (phase: ClonePhase, more: Partial<Clone> = {}): Clone =>
  Clone.fromPartial({ id: CLONE_ID, name: 'first', phase, createTime: CREATED, seq: 1, ...more });

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
    assert.match(errors, /has a gap: 0 of 1 came/);
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
