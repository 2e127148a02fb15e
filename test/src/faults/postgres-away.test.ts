import assert from 'node:assert/strict';
import { ClonePhase, GetCloneRequest, StopCloneRequest } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import { processesWithVariable, systemClock } from '@ramet/service';
import { again, until } from '../stories/support/again.js';
import {
  createClone,
  createKey,
  deleteClone,
  untilPhase,
  untilPrinted,
} from '../stories/support/clones.js';
import { endSoundly, requireAgreement, requireOneLife } from '../stories/support/soundness.js';
import { type Person, startWorld, type World } from '../stories/support/world.js';
import { stopped, whole } from './lives.js';

// Goal: a database that is away, or a service that is frozen, makes calls fail in a way that their
// callers can deal with; nothing dies of it, and nothing happens twice when it is over.
// Method: the whole mesh, whose database is stopped, and whose services are stopped by SIGSTOP.

const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;
const DEADLINE_MS = 10_000;
/** How long a call has beyond its own deadline to come back at all. */
const MARGIN_MS = 1_000;

describe('a mesh whose database is away', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => endSoundly(world));

  it('says so within the deadline, lets workloads run, and recovers without a restart', async () => {
    const crew = await world.createCrew('away');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner);
    const wish = { keyId, does: { sign: 'forever', pause: '50' } };
    const { id } = await createClone(owner.api, crew, owner.owner, wish);
    await untilPrinted(owner, id, 'signed 1');
    const pids = pidsOf(world);
    const workload = await workloadOf(world, id);

    await postgres(world).stop();
    await requireOutage(owner, id, keyId);
    assert.deepEqual(pidsOf(world), pids);
    assert.deepEqual(processesWithVariable('RAMET_EXECUTION', workload).length > 0, true);
    await postgres(world).start();

    const signatures = (): Promise<number> => again(() => signaturesOf(owner, keyId));
    const before = await signatures();
    await until('it signs again', async () => (await signatures()) > before);
    assert.deepEqual(processesWithVariable('RAMET_EXECUTION', workload).length > 0, true);
    await owner.patient.clones.stopClone(StopCloneRequest.fromPartial({ id }));
    const clone = await untilPhase(owner, id, ClonePhase.STOPPED);
    assert.equal(clone.epoch, 1);
    await deleteClone(owner, id);
    await requireOneLife(owner, id);
    assert.deepEqual(pidsOf(world), pids);
  });

  it('goes on with stories that it was in the middle of', async () => {
    const crews = await Promise.all([world.createCrew('middle-0'), world.createCrew('middle-1')]);
    const [one, other] = crews;
    const telling = Promise.all([
      whole(one, one.owner, world.admin),
      stopped(other, other.owner, world.admin),
    ]);
    for (let round = 0; round < 3; round += 1) {
      await postgres(world).kill('SIGKILL');
      await postgres(world).whenServing();
    }
    const lives = (await telling).flat();

    assert.deepEqual(
      lives.map(({ phase }) => phase),
      ['COMPLETED', 'STOPPED'],
    );
    await requireAgreement(world);
  });
});

describe('a service that is frozen', () => {
  let world: World;
  before(async () => {
    const lifecycle = { RECONCILE_MS: '500', LEASE_MS: '3000' };
    world = await startWorld({ settings: { lifecycle } });
  });
  after(() => endSoundly(world));

  for (const name of SERVICES) {
    it(`holds up its callers no longer than they wait, and does nothing twice: ${name}`, async () => {
      const crew = await world.createCrew(`frozen-${name}`);
      const { owner } = crew;
      const thaw = freeze(world, name);
      const telling = whole(crew, owner, world.admin);
      try {
        if (name !== 'executor') await requireLate(owner, name);
        // Longer than any call between services has, and than a lease.
        await systemClock.sleep(4_000);
      } finally {
        thaw();
      }
      const [life] = await telling;

      assert.deepEqual(life, { phase: 'COMPLETED', reason: '', signatures: 3 });
      await requireAgreement(world);
    });
  }
});

function postgres({ mesh }: World) {
  return mesh.stores.postgres?.process ?? assert.fail('the mesh has no database of its own');
}

function pidsOf({ mesh }: World): readonly (number | undefined)[] {
  return SERVICES.map((name) => mesh.service(name).pid);
}

async function workloadOf(world: World, cloneId: string): Promise<string> {
  const sql = 'select name from executor.workload where clone_id = $1';
  const [row] = await world.ask<{ name: string }>(sql, [cloneId]);
  return row?.name ?? assert.fail('no workload');
}

async function signaturesOf({ api: { keys } }: Person, keyId: string): Promise<number> {
  const page = { keyId, cloneId: '', pageSize: 1_000, pageToken: '' };
  return (await keys.listSignatures(page)).signatures.length;
}

/** Every service says that its database is away, and when to ask again. */
async function requireOutage({ api, owner }: Person, id: string, keyId: string): Promise<void> {
  const page = { pageSize: 0, pageToken: '' };
  const calls = [
    api.teams.listTeams({ ...page, all: false }),
    api.teams.createTeam({ requestId: '', name: 'nobody' }),
    api.keys.listKeys({ ...page, owner, deleted: false }),
    api.keys.deleteKey({ id: keyId, etag: '', deleteAfter: undefined }),
    api.clones.getClone(GetCloneRequest.fromPartial({ id })),
    api.clones.stopClone(StopCloneRequest.fromPartial({ id })),
  ];
  const start = systemClock.elapsed();
  const settled = await Promise.allSettled(calls);
  assert.ok(systemClock.elapsed() - start < DEADLINE_MS + MARGIN_MS);
  for (const each of settled) {
    const thrown = each.status === 'rejected' ? each.reason : assert.fail('it was answered');
    assert.ok(thrown instanceof RemoteError);
    assert.equal(thrown.code, 'UNAVAILABLE');
    assert.match(thrown.reason, /^(DATABASE|PEER)_UNAVAILABLE$/);
    assert.ok((thrown.retryAfterMs ?? 0) > 0, 'nobody says when to ask again');
  }
  const own = settled.slice(0, 2).map((each) => each.status === 'rejected' && each.reason.reason);
  assert.deepEqual(own, ['DATABASE_UNAVAILABLE', 'DATABASE_UNAVAILABLE']);
}

/** Stops a process where it is. The function that comes back lets it go on. */
function freeze({ mesh }: World, name: (typeof SERVICES)[number]): () => void {
  const pid = mesh.service(name).pid ?? assert.fail(`${name} does not run`);
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}

async function requireLate({ api, owner }: Person, name: string): Promise<void> {
  const page = { pageSize: 0, pageToken: '' };
  const timeoutMs = 500;
  const call = {
    teams: () => api.teams.listTeams({ ...page, all: false }, { timeoutMs }),
    keys: () => api.keys.listKeys({ ...page, owner, deleted: false }, { timeoutMs }),
    lifecycle: () => api.clones.getQuota({ owner }, { timeoutMs }),
  }[name];
  const start = systemClock.elapsed();
  await assert.rejects(call ?? assert.fail, { code: 'DEADLINE_EXCEEDED' });
  assert.ok(systemClock.elapsed() - start < timeoutMs + MARGIN_MS);
}
