// Goal: administrators seal and unseal keys, and rotate what it seals with.
// Method: the command in this process, and real gRPC with the answers of the test.
import assert from 'node:assert/strict';
import { SealState, SealStatus } from '@ramet/proto-gen/keys.v1';
import { runCommand, startTestMesh } from '../../test-mesh.js';

const STATUS = SealStatus.fromPartial({
  seal: {
    sealed: false,
    changedBy: 'user:usr_1',
    kekId: '00112233aabbccdd',
    rotation: { kekId: '00112233aabbccdd', total: 9n, startTime: new Date('2030-01-01') },
  },
  replicas: [
    { id: 'rep_1', state: SealState.OPEN, kekId: '00112233aabbccdd', kekIds: ['00112233aabbccdd'] },
    { id: 'rep_2', state: SealState.KEK_WRONG },
  ],
  keks: [{ id: '00112233aabbccdd', secrets: 5n, wraps: 256n, rotationDue: true }],
  left: 4n,
});
const WHY = ['--reason', 'why not'];

describe('ramet admin seal', () => {
  it('sends each command with its reason', async () => {
    const told: object[] = [];
    const tell = (name: string) => async (request: object) => {
      told.push({ name, ...request });
      return { status: STATUS };
    };
    await using mesh = await startTestMesh({
      admin: true,
      seal: { seal: tell('seal'), unseal: tell('unseal'), rotateKek: tell('rotate') },
    });
    for (const args of [['seal'], ['unseal'], ['rotate-kek'], ['rotate-kek', '--data-keys']]) {
      const ran = await runCommand(mesh.address, ['admin', ...args, ...WHY]);
      assert.equal(ran.exitCode, 0, ran.errors);
    }
    const reason = 'why not';
    assert.deepEqual(told, [
      { name: 'seal', reason, validateOnly: false },
      { name: 'unseal', reason },
      { name: 'rotate', reason, dataKeys: false, validateOnly: false },
      { name: 'rotate', reason, dataKeys: true, validateOnly: false },
    ]);
  });

  it('asks before it seals, and for a reason', async () => {
    await using mesh = await startTestMesh({ admin: true });
    const asked = await runCommand(mesh.address, ['admin', 'seal', ...WHY], { answers: ['n'] });
    assert.match(asked.errors, /nothing was done/);
    for (const name of ['seal', 'unseal', 'rotate-kek']) {
      assert.equal((await runCommand(mesh.address, ['admin', name])).exitCode, 2, name);
    }
  });

  it('shows the seal, the replicas and the KEKs', async () => {
    await using mesh = await startTestMesh({
      admin: true,
      seal: { getSealStatus: async () => ({ status: STATUS }) },
    });
    const { out } = await runCommand(mesh.address, ['admin', 'seal-status']);
    assert.match(out, /^sealed: +no$/m);
    assert.match(out, /^open replicas: +1 of 2$/m);
    assert.match(out, /^secrets: +4 of 9 left$/m);
    assert.match(out, /^rep_2 +KEK_WRONG/m);
    assert.match(out, /^00112233aabbccdd +5 +256 +due$/m);
    const json = await runCommand(mesh.address, ['admin', 'seal-status', '--json']);
    assert.equal(JSON.parse(json.out).keks[0].secrets, '5');
  });
});
