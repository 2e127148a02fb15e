import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GrantServiceService, SigningServiceService } from '@ramet/proto-gen/keys.v1';
import { ClonePhase, StopCloneRequest } from '@ramet/proto-gen/lifecycle.v1';
import { TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect, RemoteError } from '@ramet/rpc';
import { again } from './support/again.js';
import {
  AT_REST,
  createClone,
  createKey,
  deleteClone,
  untilPhase,
  untilPrinted,
} from './support/clones.js';
import { identityOf } from './support/identity.js';
import { type Health, type Replica, startReplica } from './support/replica.js';
import { endSoundly, requireAgreement, requireOneLife } from './support/soundness.js';
import { type Person, startWorld, type World } from './support/world.js';

// Goal: a replica comes and goes without anybody noticing more than a call to repeat.
// Method: the whole mesh, and second processes of its services on the same database.

const LEASE_MS = 3_000;

describe('a replica', () => {
  let world: World;
  before(async () => {
    const lifecycle = { RECONCILE_MS: '500', LEASE_MS: String(LEASE_MS), CLONE_QUOTA: '20' };
    world = await startWorld({ settings: { lifecycle } });
  });
  after(() => endSoundly(world));

  it('finishes the calls it has, refuses others, and says that it does not serve', async () => {
    const crew = await world.createCrew('draining');
    await using replica = await startReplica(world, 'lifecycle');
    const there = world.at({ lifecycle: replica.address }, crew.owner);
    const { id } = await createClone(crew.owner.api, crew, crew.owner.owner, {
      does: { stay: '' },
    });
    await untilPhase(crew.owner, id, ClonePhase.RUNNING);
    const waiting = there.api.clones.waitClone({ id, phases: [ClonePhase.STOPPED] });
    const told = collect(replica);
    const load = hammer(there);
    await load.answered(20);

    replica.kill('SIGTERM');
    await load.refused;
    await crew.owner.api.clones.stopClone(StopCloneRequest.fromPartial({ id }));
    assert.equal((await waiting).clone?.phase, ClonePhase.STOPPED);

    assert.equal(await replica.ended, 0);
    assert.deepEqual(await told, ['SERVING', 'NOT_SERVING']);
    assert.deepEqual([...(await load.end())], ['UNAVAILABLE']);
    await deleteClone(crew.owner, id);
  });

  it('ends at once when it is asked twice', async () => {
    const crew = await world.createCrew('twice');
    await using replica = await startReplica(world, 'lifecycle');
    const there = world.at({ lifecycle: replica.address }, crew.owner);
    const { id } = await createClone(crew.owner.api, crew, crew.owner.owner, {
      does: { stay: '' },
    });
    await untilPhase(there, id, ClonePhase.RUNNING);
    const waiting = there.api.clones.waitClone({ id, phases: [ClonePhase.COMPLETED] });
    const refused = assert.rejects(waiting, { code: 'UNAVAILABLE' });
    const load = hammer(there);
    await load.answered(1);
    replica.kill('SIGTERM');
    await load.refused;

    // One that has let its calls finish ends with 0.
    replica.kill('SIGTERM');
    assert.equal(await replica.ended, 1);
    await refused;
    await load.end();
    await deleteClone(crew.owner, id);
  });

  it('shares the work with others, and takes over what a frozen one had', async () => {
    const crew = await world.createCrew('sharing');
    const { owner } = crew;
    await using replica = await startReplica(world, 'lifecycle');
    const there = world.at({ lifecycle: replica.address }, owner);
    const keyIds = await Promise.all([1, 2, 3, 4].map(() => createKey(owner.api, owner.owner)));
    const clones = await Promise.all(
      keyIds.map((keyId, nth) => {
        const { api } = nth % 2 === 0 ? owner : there;
        return createClone(api, crew, owner.owner, { keyId, does: { sign: '2' } });
      }),
    );

    replica.kill('SIGSTOP');
    await Promise.all(clones.map(({ id }) => untilPhase(owner, id, ...AT_REST)));
    replica.kill('SIGCONT');
    for (const { id } of clones) {
      assert.equal((await untilPhase(there, id, ...AT_REST)).phase, ClonePhase.COMPLETED);
      await deleteClone(owner, id);
      await requireOneLife(owner, id);
    }
    const sql = 'select grant_id from keys.signature where key_id = any ($1)';
    assert.equal((await world.ask(sql, [keyIds])).length, 2 * clones.length);
    await requireAgreement(world);
  });

  for (const [ending, end] of Object.entries({ RevokeGrant: revoke, ReleaseKey: release })) {
    it(`signs nothing more once another one has answered ${ending}`, async () => {
      const crew = await world.createCrew(ending.toLowerCase());
      const { owner } = crew;
      await using replica = await startReplica(world, 'keys');
      const keyId = await createKey(owner.api, owner.owner);
      const wish = { keyId, does: { sign: '1', stay: '' } };
      const { id } = await createClone(owner.api, crew, owner.owner, wish);
      await untilPrinted(owner, id, 'staying');

      const signing = await signAt(replica, world, { cloneId: id, keyId });
      await signing.answered(20);
      await end(world, owner, { keyId, cloneId: id });
      const late = signing.countFromNow();
      const refusals = await signing.end();

      assert.equal(late(), 0, 'a signature came after its grant had ended');
      assert.deepEqual([...refusals], ['GRANT_REVOKED']);
      await deleteClone(owner, id);
    });
  }
});

interface Held {
  readonly keyId: string;
  readonly cloneId: string;
}

/**
 * Revokes the grant of a clone, as the owner of its key. For some seconds after a replica was killed
 * nobody can confirm that it has no answer in hand: then it is asked again.
 */
async function revoke(_: World, { api: { keys } }: Person, { keyId }: Held): Promise<void> {
  const [grant] = (await keys.listGrants({ keyId, pageSize: 0, pageToken: '' })).grants;
  const request = { grantId: grant?.id ?? '', executionId: '', reason: 'a test' };
  await again(() => keys.revokeGrant(request));
}

/** Releases the key of a clone, as lifecycle does. */
async function release({ mesh }: World, _: Person, held: Held): Promise<void> {
  const { teams, keys } = mesh.endpoints;
  const apiKey = readFileSync(join(mesh.layout.secrets, 'services', 'lifecycle'), 'utf8');
  await using tokens = connect(TokenServiceService, teams.address);
  const { token } = await tokens.exchangeToken({ apiKey });
  using identity = identityOf(mesh, 'lifecycle');
  await using grants = connect(GrantServiceService, keys.mesh, {
    token: async () => token,
    tls: identity.to('keys'),
  });
  await again(() => grants.releaseKey(held));
}

async function collect(replica: Replica): Promise<readonly Health[]> {
  const told: Health[] = [];
  for await (const health of replica.health()) told.push(health);
  return told;
}

/** Calls that are made one after the other, on several lanes, until each lane was refused. */
interface Load {
  /** Resolves when so many calls were answered. */
  answered(count: number): Promise<void>;
  /** Resolves with the first refusal. */
  readonly refused: Promise<void>;
  /** Counts what is answered from now on. */
  countFromNow(): () => number;
  /** Waits until nobody calls any more. Returns why. */
  end(): Promise<ReadonlySet<string>>;
}

function loadOf(call: () => Promise<unknown>, whyOf: (error: RemoteError) => string): Load {
  let count = 0;
  let onChange = (): void => undefined;
  const reasons = new Set<string>();
  const lane = async (): Promise<void> => {
    for (;;) {
      try {
        await call();
        count += 1;
      } catch (thrown) {
        reasons.add(thrown instanceof RemoteError ? whyOf(thrown) : String(thrown));
        return;
      } finally {
        onChange();
      }
    }
  };
  const lanes = Promise.all([lane(), lane(), lane(), lane()]);
  const when = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const before = onChange;
      onChange = () => {
        before();
        if (holds()) resolve();
      };
    });
  return {
    answered: (wanted) => when(() => count >= wanted),
    refused: when(() => reasons.size > 0),
    countFromNow() {
      const start = count;
      return () => count - start;
    },
    async end() {
      await lanes;
      return reasons;
    },
  };
}

function hammer({ api: { clones }, owner }: Person): Load {
  return loadOf(
    () => clones.getQuota({ owner }),
    ({ code }) => code,
  );
}

/** Signs at a replica of keys, as the runner of a clone does. */
async function signAt(
  { address }: Replica,
  { mesh, ask }: World,
  { cloneId, keyId }: Held,
): Promise<Load> {
  const sql = 'select name from executor.workload where clone_id = $1';
  const [workload] = await ask<{ name: string }>(sql, [cloneId]);
  const file = join(mesh.layout.executor, 'executions', workload?.name ?? '', 'config.json');
  const { token } = JSON.parse(readFileSync(file, 'utf8')).mesh;
  const signing = connect(SigningServiceService, address, { token: async () => token });
  let number = 0;
  const sign = () => {
    number += 1;
    const payload = { $case: 'raw', value: Buffer.from('payload') } as const;
    return signing.signTransaction({ requestId: `direct-${number}`, keyId, payload });
  };
  return loadOf(sign, ({ reason }) => reason);
}
