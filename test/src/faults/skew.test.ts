import assert from 'node:assert/strict';
import {
  ClonePhase,
  ListCloneHistoryRequest,
  SetCloneExpiryRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { until } from '../stories/support/again.js';
import {
  AT_REST,
  createClone,
  createKey,
  deleteClone,
  phaseName,
  untilPhase,
} from '../stories/support/clones.js';
import { type Replica, startReplica } from '../stories/support/replica.js';
import { endSoundly, requireAgreement, requireOneLife } from '../stories/support/soundness.js';
import { type Crew, type Person, startWorld, type World } from '../stories/support/world.js';

// Goal: the clocks of replicas decide nothing: no clone ends early or late, nothing is done twice.
// Method: the whole mesh with two processes of lifecycle, one two minutes slow and one two minutes
// fast. Leases are shorter than that, so that who trusted its own clock would take another's work.

const SKEW_MS = 2 * 60_000;
const LEASE_MS = 30_000;
const LIVES = 12;

describe('two replicas whose clocks are wrong', () => {
  let world: World;
  let fast: Replica;
  let crew: Crew;
  let there: Person;

  before(async () => {
    const lifecycle = { LEASE_MS: String(LEASE_MS), RECONCILE_MS: '200', ...off(-SKEW_MS) };
    world = await startWorld({ settings: { lifecycle } });
    fast = await startReplica(world, 'lifecycle', off(SKEW_MS));
    crew = await world.createCrew('skew');
    there = world.at({ lifecycle: fast.address }, crew.owner);
  });
  after(async () => {
    await fast[Symbol.asyncDispose]();
    await endSoundly(world);
  });

  it('do nothing twice', async () => {
    const persons = [crew.owner, there];
    const lives = Array.from({ length: LIVES }, async (_, nth) => {
      const { api, owner } = persons[nth % 2] ?? assert.fail();
      const keyId = await createKey(api, owner);
      return createClone(api, crew, owner, { keyId, does: { sign: '2' } });
    });
    const clones = await Promise.all(lives);

    for (const { id } of clones) {
      const { phase, epoch } = await untilPhase(there, id, ...AT_REST);
      assert.deepEqual([phase, epoch], [ClonePhase.COMPLETED, 1]);
      await deleteClone(crew.owner, id);
      await requireOneLife(there, id);
      assert.deepEqual(await repeatedOf(there, id), []);
    }
    await requireAgreement(world);
  });

  it('end clones when their time is over, not before or after', async () => {
    const { owner } = crew;
    const clones = await Promise.all(
      Array.from({ length: LIVES / 2 }, () =>
        createClone(owner.api, crew, owner.owner, { does: { stay: '' } }),
      ),
    );
    for (const { id } of clones) await untilPhase(there, id, ClonePhase.RUNNING);

    for (const { id } of clones) await expireIn(id, SKEW_MS / 2);
    // Somebody has looked at each, and it is to be looked at again when its time is over.
    await until('all are waited for', async () => {
      const ids = clones.map(({ id }) => id);
      return (await world.ask(WAITED_FOR, [ids])).length === clones.length;
    });
    for (const { id } of clones) await expireIn(id, 0);
    for (const { id } of clones) {
      const { conditions } = await untilPhase(owner, id, ClonePhase.SUSPENDED);
      assert.ok(conditions.some(({ type }) => type === 'EXPIRED'));
      await deleteClone(owner, id);
    }
    await requireAgreement(world);
  });

  /** From now on the clock of the database. */
  async function expireIn(id: string, ms: number): Promise<void> {
    const sql = `select now() + $1 * interval '1 millisecond' as at`;
    const [row] = await world.ask<{ at: Date }>(sql, [ms]);
    const wish = { id, reason: 'the clocks are wrong', ...(row && { expireTime: row.at }) };
    await world.admin.api.cloneAdmin.setCloneExpiry(SetCloneExpiryRequest.fromPartial(wish));
  }
});

const WAITED_FOR = `
  select from lifecycle.clone c join lifecycle.work w on w.id = c.id
  where c.id = any ($1) and c.phase = 'RUNNING' and w.leased_until < now()
    and w.due_at between c.expire_at - interval '1 second' and c.expire_at + interval '1 second'`;

/** The settings of a process whose clock is off by so many milliseconds. */
function off(ms: number): Readonly<Record<string, string>> {
  const shift = new URL('./skewed-clock.js', import.meta.url).href;
  return { NODE_OPTIONS: `--import=${shift}`, CLOCK_SKEW_MS: String(ms) };
}

/** The phases that a clone has entered more than once. */
async function repeatedOf({ api }: Person, cloneId: string): Promise<readonly string[]> {
  const all = ListCloneHistoryRequest.fromPartial({ cloneId, pageSize: 1_000 });
  const { entries } = await api.clones.listCloneHistory(all);
  const phases = entries.map(({ clone }) => phaseName(clone?.phase ?? 0));
  const entered = phases.filter((phase, at) => phase !== phases[at - 1]);
  return entered.filter((phase, at) => entered.indexOf(phase) !== at);
}
