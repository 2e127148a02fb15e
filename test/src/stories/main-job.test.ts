import assert from 'node:assert/strict';
import {
  ClonePhase,
  CloneView,
  GetCloneRequest,
  Limits,
  OutcomeKind,
  StopCloneRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import { availableTo, phasesOf, signaturesOf, usedBy } from './support/asked.js';
import {
  AT_REST,
  createClone,
  createKey,
  deleteClone,
  linesOf,
  untilPhase,
  untilPrinted,
  wishOf,
} from './support/clones.js';
import { endSoundly, requireOneLife } from './support/soundness.js';
import { processSource, startWorld, type World } from './support/world.js';

const { RUNNING, COMPLETED, STOPPED, FAILED, DELETED } = ClonePhase;

// Goal: what users see of the main job, from the key to the deletion.
// Method: the whole mesh with its real database, bus and processes, asked over its API alone.

describe('the main job', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ settings: { lifecycle: { CLONE_QUOTA: '2' } } });
  });
  after(() => endSoundly(world));

  it('signs with a key that the clone alone has, and gives it back', async () => {
    const { owner, ...crew } = await world.createCrew('signing');
    const { api } = owner;
    const keyId = await createKey(api, owner.owner);
    assert.deepEqual(await availableTo(owner), [keyId]);

    const wish = { keyId, name: 'trader', does: { sign: '3' } };
    const { id } = await createClone(api, { ...crew, owner }, owner.owner, wish);
    const clone = await untilPhase(owner, id, ...AT_REST);
    assert.equal(clone.phase, COMPLETED);
    assert.equal(clone.execution?.outcome?.kind, OutcomeKind.SUCCEEDED);
    assert.equal(clone.execution?.report?.metrics[0]?.value, 3);
    assert.deepEqual(await availableTo(owner), []);
    assert.deepEqual(await signaturesOf(owner, keyId), ['order-2', 'order-1', 'order-0']);

    const deleted = await deleteClone(owner, id);
    assert.equal(deleted.execution?.outcome?.kind, OutcomeKind.SUCCEEDED);
    assert.deepEqual(await availableTo(owner), [keyId]);
    await requireOneLife(owner, id);
    assert.equal(await usedBy(owner), 0n);
  });

  it('runs a clone without a key, and keeps its history when it is deleted', async () => {
    const crew = await world.createCrew('keyless');
    const { owner } = crew;
    const { id } = await createClone(owner.api, crew, owner.owner);
    await untilPhase(owner, id, COMPLETED);
    assert.deepEqual(await linesOf(owner, id), ['started', 'completed']);
    await deleteClone(owner, id);

    const listed = async (view: CloneView) => {
      const { clones } = await owner.api.clones.listClones({
        ...{ owner: owner.owner, view, pageSize: 0, pageToken: '', filter: '', orderBy: '' },
      });
      return clones.map((clone) => clone.id);
    };
    assert.deepEqual(await listed(CloneView.ACTIVE), []);
    assert.deepEqual(await listed(CloneView.HISTORY), [id]);
    assert.deepEqual(await phasesOf(owner, id), [
      ...['ACCEPTED', 'PREPARING', 'PROVISIONING', 'RUNNING', 'FINALIZING', 'COMPLETED'],
      ...['DELETING', 'DELETED'],
    ]);
  });

  it('shows a team clone to those who manage the team, and a personal one to its user', async () => {
    const crew = await world.createCrew('sight');
    const { owner, admin, member, teamOwner } = crew;
    const does = { stay: '' };
    const mine = await createClone(member.api, crew, member.owner, { does });
    const ours = await createClone(admin.api, crew, teamOwner, { does });

    await untilPhase(owner, ours.id, RUNNING);
    await assert.rejects(
      member.api.clones.getClone(GetCloneRequest.fromPartial({ id: ours.id })),
      isNotFound,
    );
    for (const other of [owner, admin]) {
      await assert.rejects(
        other.api.clones.getClone(GetCloneRequest.fromPartial({ id: mine.id })),
        isNotFound,
      );
    }
    await assert.rejects(createClone(member.api, crew, teamOwner, { does }), {
      code: 'PERMISSION_DENIED',
    });
    await owner.api.clones.stopClone(StopCloneRequest.fromPartial({ id: ours.id }));
    await untilPhase(admin, ours.id, STOPPED);
    await Promise.all([deleteClone(admin, ours.id), deleteClone(member, mine.id)]);
  });

  it('stops a running clone, which keeps its key until it is deleted', async () => {
    const crew = await world.createCrew('stopping');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner);
    const wish = { keyId, does: { sign: '1', stay: '' } };
    const { id } = await createClone(owner.api, crew, owner.owner, wish);
    await untilPrinted(owner, id, 'staying');

    await owner.api.clones.stopClone(StopCloneRequest.fromPartial({ id }));
    await owner.api.clones.stopClone(StopCloneRequest.fromPartial({ id }));
    const clone = await untilPhase(owner, id, ...AT_REST);
    assert.equal(clone.phase, STOPPED);
    assert.equal(clone.execution?.outcome?.kind, OutcomeKind.STOPPED);
    assert.deepEqual((await linesOf(owner, id)).slice(-1), ['stopping']);
    assert.deepEqual(await availableTo(owner), []);

    await deleteClone(owner, id);
    assert.deepEqual(await availableTo(owner), [keyId]);
    await requireOneLife(owner, id);
  });

  it('deletes a clone that runs, and one that was only just accepted', async () => {
    const crew = await world.createCrew('deleting');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner);
    const wish = { keyId, does: { sign: 'forever' } };
    const running = await createClone(owner.api, crew, owner.owner, wish);
    await untilPrinted(owner, running.id, 'signed 1');
    const fresh = await createClone(owner.api, crew, owner.owner);

    await Promise.all([deleteClone(owner, running.id), deleteClone(owner, fresh.id)]);
    assert.deepEqual(await availableTo(owner), [keyId]);
    assert.equal(await usedBy(owner), 0n);
    await requireOneLife(owner, running.id);
    await requireOneLife(owner, fresh.id);
  });

  it('lets one of two clones have a key, and fails the other without a trace', async () => {
    const crew = await world.createCrew('racing');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner);
    const wish = { keyId, does: { sign: '2', stay: '' } };
    const both = await Promise.all(
      ['one', 'two'].map((name) => createClone(owner.api, crew, owner.owner, { ...wish, name })),
    );
    const met = await Promise.all(both.map(({ id }) => untilPhase(owner, id, RUNNING, FAILED)));

    const [winner, loser] = met.toSorted((one, other) => one.phase - other.phase);
    assert.deepEqual([winner?.phase, loser?.phase], [RUNNING, FAILED]);
    assert.equal(loser?.reason, 'KEY_IN_USE');
    assert.equal(await usedBy(owner), 1n);
    const { key } = await owner.api.keys.getKey({ id: keyId });
    assert.equal(key?.hold?.cloneId, winner?.id);
    const { grants } = await owner.api.keys.listGrants({ keyId, pageSize: 0, pageToken: '' });
    assert.deepEqual(
      grants.map(({ cloneId }) => cloneId),
      [winner?.id],
    );
    const sql = 'select from executor.workload where clone_id = $1 and state <> $2';
    assert.deepEqual(await world.ask(sql, [loser?.id, 'removed']), []);
    await Promise.all(both.map(({ id }) => deleteClone(owner, id)));
  });

  it('rehearses a creation, and leaves nothing', async () => {
    const crew = await world.createCrew('rehearsing');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner);
    const wish = wishOf(crew, owner.owner, { keyId, validateOnly: true, requestId: 'rehearsal' });
    await owner.api.clones.createClone(wish);
    assert.equal(await usedBy(owner), 0n);
    assert.deepEqual(await availableTo(owner), [keyId]);

    const does = { stay: '' };
    const { id } = await createClone(owner.api, crew, owner.owner, { keyId, does });
    await untilPhase(owner, id, RUNNING);
    await assert.rejects(owner.api.clones.createClone(wish), { reason: 'KEY_IN_USE' });
    await deleteClone(owner, id);
  });

  it('creates one clone for one request id, however often it is asked', async () => {
    const crew = await world.createCrew('repeating');
    const { owner } = crew;
    const wish = { requestId: 'the-same' };
    const clones = await Promise.all(
      [1, 2, 3].map(() => createClone(owner.api, crew, owner.owner, wish)),
    );
    const [{ id } = { id: '' }] = clones;

    assert.deepEqual(new Set(clones.map((clone) => clone.id)), new Set([id]));
    assert.equal(await usedBy(owner), 1n);
    const other = createClone(owner.api, crew, owner.owner, { ...wish, name: 'other' });
    await assert.rejects(other, { reason: 'REQUEST_ID_REUSED' });
    await deleteClone(owner, id);
  });

  it('holds owners to their quota, and gives it back with the clone', async () => {
    const crew = await world.createCrew('quota');
    const { owner } = crew;
    const create = () => createClone(owner.api, crew, owner.owner, { does: { stay: '' } });
    const settled = await Promise.allSettled([create(), create(), create()]);
    const ids = settled.flatMap((each) => (each.status === 'fulfilled' ? each.value.id : []));
    const refusals = settled.flatMap((each) => (each.status === 'rejected' ? each.reason : []));

    assert.equal(ids.length, 2);
    assert.deepEqual(
      [refusals[0].code, refusals[0].reason],
      ['RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'],
    );
    await deleteClone(owner, ids[0] ?? '');
    const { id } = await create();
    await Promise.all([id, ids[1] ?? ''].map((each) => deleteClone(owner, each)));
  });

  it('tells how a workload has ended, whatever it says of itself', async () => {
    const crew = await world.createCrew('ending');
    const { owner, member } = crew;
    const limits = Limits.fromPartial({ runTime: { seconds: 1n } });
    const [failing, late] = await Promise.all([
      createClone(owner.api, crew, owner.owner, { does: { exit: '7' } }),
      createClone(member.api, crew, member.owner, { limits, does: { stay: '' } }),
    ]);

    const failed = await untilPhase(owner, failing.id, ...AT_REST);
    assert.equal(failed.phase, FAILED);
    assert.equal(failed.reason, 'EXIT_CODE');
    assert.equal(failed.execution?.outcome?.exitCode, 7);
    assert.equal(failed.execution?.report?.success, true);
    const timedOut = await untilPhase(member, late.id, ...AT_REST);
    assert.equal(timedOut.execution?.outcome?.kind, OutcomeKind.TIMED_OUT);
    await Promise.all([deleteClone(owner, failing.id), deleteClone(member, late.id)]);
  });

  it('gives back everything of a clone that could not be started', async () => {
    const crew = await world.createCrew('missing');
    const { owner } = crew;
    const source = processSource('no-such-bundle', ['node', 'main.js']);
    const { bot } = crew;
    await owner.api.bots.setBotSource({ id: bot.id, owner: owner.owner, source });
    const keyId = await createKey(owner.api, owner.owner);
    const { id } = await createClone(owner.api, crew, owner.owner, { keyId });

    const clone = await untilPhase(owner, id, ...AT_REST);
    assert.equal(clone.phase, FAILED);
    assert.equal(clone.reason, 'START_FAILED');
    assert.equal(await usedBy(owner), 0n);
    assert.deepEqual(await availableTo(owner), [keyId]);
    await deleteClone(owner, id);
  });

  it('stops signing when the grant is revoked or used up, and tells the workload why', async () => {
    const crew = await world.createCrew('revoking');
    const { owner, member } = crew;
    const does = { sign: 'forever', pause: '20' };
    const [endless, bounded] = [
      await createKey(owner.api, owner.owner),
      await createKey(member.api, member.owner),
    ];
    const [revoked, usedUp] = await Promise.all([
      createClone(owner.api, crew, owner.owner, { keyId: endless, does }),
      createClone(member.api, crew, member.owner, { keyId: bounded, does, maxSignatures: 2n }),
    ]);
    await untilPrinted(owner, revoked.id, 'signed 2');
    const { grants } = await owner.api.keys.listGrants({
      ...{ keyId: endless, pageSize: 0, pageToken: '' },
    });
    const grantId = grants[0]?.id ?? '';
    await owner.api.keys.revokeGrant({ grantId, executionId: '', reason: 'a test' });
    const logged = (await signaturesOf(owner, endless)).length;

    await untilPhase(owner, revoked.id, FAILED);
    await untilPhase(member, usedUp.id, FAILED);
    assert.ok((await linesOf(owner, revoked.id)).includes('refused GRANT_REVOKED'));
    assert.ok((await linesOf(member, usedUp.id)).includes('refused GRANT_USED_UP'));
    assert.equal((await signaturesOf(owner, endless)).length, logged);
    assert.equal((await signaturesOf(member, bounded)).length, 2);
    await Promise.all([deleteClone(owner, revoked.id), deleteClone(member, usedUp.id)]);
  });

  it('hides the clones of a team from whoever has left it', async () => {
    const crew = await world.createCrew('leaving');
    const { owner, admin, team, teamOwner } = crew;
    const { id } = await createClone(admin.api, crew, teamOwner, { does: { stay: '' } });
    await untilPhase(admin, id, RUNNING);
    const watch = admin.api.clones.watchClones(
      WatchClonesRequest.fromPartial({ owner: teamOwner, cloneId: id }),
    );
    await watch.next();

    await owner.api.teams.removeTeamMember({ teamId: team.id, userId: admin.id });
    await assert.rejects(drain(watch), { code: 'PERMISSION_DENIED' });
    await assert.rejects(
      admin.api.clones.getClone(GetCloneRequest.fromPartial({ id })),
      isNotFound,
    );
    assert.equal(
      (await owner.api.clones.getClone(GetCloneRequest.fromPartial({ id }))).clone?.phase,
      RUNNING,
    );
    assert.equal((await deleteClone(owner, id)).phase, DELETED);
  });
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof RemoteError && thrown.code === 'NOT_FOUND';
}
