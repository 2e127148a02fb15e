// Goal: two things that are done to a clone at the same moment end in one of the outcomes that the
// table allows, whoever is first, and leave nothing behind.
// Method: two replicas on one real database; each pair of operations meets on several clones at once,
// each operation by another replica. The stand-in executor and the ledger are judged afterwards.

import assert from 'node:assert/strict';
import { type Database, openDatabase } from '@ramet/database';
import { WorkloadState } from '@ramet/proto-gen/executor.v1';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  CreateTemplateRequest,
  TemplateSpec,
  UpdateCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { systemClock } from '@ramet/service';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { executionOf, got, reached, reasonOf, until, used } from './testing/steps.js';

const ROUNDS = 12;
const DAY_S = 24 * 60 * 60;

const OPERATIONS = [
  'stop',
  'complete',
  'delete',
  'archive',
  'update',
  'expire',
  'extend',
  'suspend',
  'resume',
  'restart',
] as const;
type Operation = (typeof OPERATIONS)[number];
type Start = 'RUNNING' | 'SUSPENDED' | 'COMPLETED';

/** Where a pair may end that starts from a phase. */
type Row = readonly [Start, Operation, Operation, readonly (keyof typeof ClonePhase)[]];

const TABLE: readonly Row[] = [
  ['RUNNING', 'stop', 'stop', ['STOPPED']],
  ['RUNNING', 'stop', 'complete', ['STOPPED', 'COMPLETED']],
  ['RUNNING', 'stop', 'delete', ['DELETED']],
  ['RUNNING', 'stop', 'archive', ['STOPPED', 'ARCHIVED']],
  ['RUNNING', 'stop', 'update', ['STOPPED']],
  ['RUNNING', 'stop', 'expire', ['STOPPED', 'SUSPENDED']],
  ['RUNNING', 'stop', 'extend', ['STOPPED']],
  ['RUNNING', 'stop', 'suspend', ['STOPPED', 'SUSPENDED']],
  ['SUSPENDED', 'stop', 'resume', ['RUNNING', 'STOPPED']],
  ['COMPLETED', 'stop', 'restart', ['RUNNING', 'STOPPED', 'COMPLETED']],
  ['RUNNING', 'complete', 'delete', ['DELETED']],
  ['RUNNING', 'complete', 'archive', ['COMPLETED', 'ARCHIVED']],
  ['RUNNING', 'complete', 'update', ['RUNNING', 'COMPLETED']],
  ['RUNNING', 'complete', 'expire', ['COMPLETED', 'SUSPENDED']],
  ['RUNNING', 'complete', 'extend', ['COMPLETED']],
  ['RUNNING', 'complete', 'suspend', ['COMPLETED', 'SUSPENDED']],
  ['RUNNING', 'delete', 'delete', ['DELETED']],
  ['RUNNING', 'delete', 'archive', ['DELETED']],
  ['RUNNING', 'delete', 'update', ['DELETED']],
  ['RUNNING', 'delete', 'expire', ['DELETED']],
  ['RUNNING', 'delete', 'extend', ['DELETED']],
  ['RUNNING', 'delete', 'suspend', ['DELETED']],
  ['SUSPENDED', 'delete', 'resume', ['DELETED']],
  ['COMPLETED', 'delete', 'restart', ['DELETED']],
  ['RUNNING', 'archive', 'archive', ['ARCHIVED']],
  ['RUNNING', 'archive', 'update', ['ARCHIVED', 'RUNNING']],
  ['RUNNING', 'archive', 'expire', ['ARCHIVED', 'SUSPENDED']],
  ['RUNNING', 'archive', 'extend', ['ARCHIVED']],
  ['RUNNING', 'archive', 'suspend', ['ARCHIVED', 'SUSPENDED']],
  ['SUSPENDED', 'archive', 'resume', ['ARCHIVED', 'RUNNING']],
  ['COMPLETED', 'archive', 'restart', ['ARCHIVED', 'RUNNING']],
  ['RUNNING', 'update', 'update', ['RUNNING']],
  ['RUNNING', 'update', 'expire', ['SUSPENDED']],
  ['RUNNING', 'update', 'extend', ['RUNNING']],
  ['RUNNING', 'update', 'suspend', ['RUNNING', 'SUSPENDED']],
  ['SUSPENDED', 'update', 'resume', ['RUNNING']],
  ['COMPLETED', 'update', 'restart', ['RUNNING']],
  ['RUNNING', 'expire', 'extend', ['RUNNING', 'SUSPENDED']],
  ['RUNNING', 'expire', 'suspend', ['SUSPENDED']],
  ['SUSPENDED', 'expire', 'resume', ['SUSPENDED']],
  ['COMPLETED', 'expire', 'restart', ['COMPLETED', 'SUSPENDED']],
  ['RUNNING', 'extend', 'extend', ['RUNNING']],
  ['RUNNING', 'extend', 'suspend', ['SUSPENDED']],
  ['SUSPENDED', 'extend', 'resume', ['RUNNING']],
  ['COMPLETED', 'extend', 'restart', ['RUNNING']],
  ['RUNNING', 'suspend', 'suspend', ['SUSPENDED']],
  ['SUSPENDED', 'suspend', 'resume', ['RUNNING', 'SUSPENDED']],
  ['COMPLETED', 'suspend', 'restart', ['RUNNING', 'SUSPENDED']],
  ['SUSPENDED', 'resume', 'resume', ['RUNNING']],
  ['COMPLETED', 'restart', 'restart', ['RUNNING']],
];

/** Never together: what is at rest does not complete, and no phase can be resumed and restarted. */
const APART = ['complete complete', 'complete resume', 'complete restart', 'resume restart'];
const ELSEWHERE = ['expire expire'];

/** What an operation may be answered, beside that it is done. */
const REFUSALS = ['CLONE_PHASE_CONFLICT', 'CLONE_EXPIRED', 'ETAG_STALE'];

describe('operations that race', () => {
  let house: House;
  let crew: Crew;
  let root: string;
  let replicas: readonly Replica[];
  let templateId: string;
  let db: Database;

  before(async () => {
    house = await openHouse({ cloneQuota: 1_000 });
    house.executor.isSwift = true;
    crew = await house.createCrew('races');
    root = (await house.teams.admin()).token;
    const other = await house.startReplica();
    replicas = [house, other].map(({ as }) => ({ api: as(crew.owner.token), admin: as(root) }));
    templateId = await createTemplate(house.as(crew.owner.token), crew.owner.id);
    const url = house.databaseUrl;
    db = await openDatabase({ url, schema: 'lifecycle', application: 'races', poolSize: 1 });
  });
  after(async () => {
    await db[Symbol.asyncDispose]();
    await house[Symbol.asyncDispose]();
  });

  it('are all in the table, each with each', () => {
    const pairs = OPERATIONS.flatMap((one, n) =>
      OPERATIONS.slice(n).map((other) => `${one} ${other}`),
    );
    const told = TABLE.map(([, one, other]) => `${one} ${other}`);
    assert.deepEqual([...told, ...APART, ...ELSEWHERE].sort(), pairs.sort());
  });

  for (const [start, one, other, ends] of TABLE) {
    it(`${one} and ${other}, of what is ${start}, end ${ends.join(' or ')}`, async () => {
      const clones = await Promise.all(Array.from({ length: ROUNDS }, () => createIn(start)));
      const answers = await Promise.all(
        clones.flatMap((clone, n) => [
          reasonOf(act(n % 2, one, clone)),
          reasonOf(act((n + 1) % 2, other, clone)),
        ]),
      );

      for (const answer of answers) assert.ok(['ok', ...REFUSALS].includes(answer), answer);
      const wins = clones.filter((_, n) => answers[2 * n] === 'ok' || answers[2 * n + 1] === 'ok');
      assert.equal(wins.length, ROUNDS, 'both were refused');
      const settled = await Promise.all(clones.map(({ id }) => settledIn(id)));
      for (const phase of settled)
        assert.ok(
          ends.some((end) => end === phase),
          phase,
        );
      await removeAll(clones);
    });
  }

  it('have left nothing of the quota taken', async () => {
    assert.equal(await used(replica(0).api, crew.owner.id), 0);
  });

  interface Replica {
    readonly api: Api;
    readonly admin: Api;
  }

  function replica(n: number): Replica {
    return replicas[n] ?? assert.fail('no such replica');
  }

  function act(n: number, operation: Operation, clone: Clone): Promise<unknown> {
    const { api, admin } = replica(n);
    const { clones } = api;
    const { id } = clone;
    const etag = '';
    switch (operation) {
      case 'stop':
        return clones.stopClone({ id, etag, external: undefined });
      case 'complete':
        house.executor.exit(executionOf(clone).executionId, { exitCode: 0 });
        return Promise.resolve();
      case 'delete':
        return clones.deleteClone({ id, etag });
      case 'archive':
        return clones.archiveClone({ id, etag });
      case 'update':
        return clones.updateClone(
          UpdateCloneRequest.fromPartial({ id, tag: 'next', updateMask: ['tag'] }),
        );
      case 'expire': {
        const expireTime = new Date(systemClock.now().getTime() - 1_000);
        return admin.admin.setCloneExpiry({ id, etag, reason: 'a race', expireTime });
      }
      case 'extend': {
        const by = { seconds: BigInt(DAY_S), nanos: 0 };
        return clones.extendClone({ id, etag, requestId: '', by, reason: 'a race' });
      }
      case 'suspend':
        return clones.suspendClone({ id, etag });
      case 'resume':
        return clones.resumeClone({ id, etag });
      case 'restart':
        return clones.restartClone({ id, etag, requestId: '', resume: true });
    }
  }

  async function createIn(start: Start): Promise<Clone> {
    const { api } = replica(0);
    const { id } = await createClone(api, {
      botId: '',
      templateId,
      owner: ownerOf(crew.owner.id),
    });
    const clone = await reached(api, id, ClonePhase.RUNNING);
    if (start === 'RUNNING') return clone;
    if (start === 'SUSPENDED') await act(0, 'suspend', clone);
    else await act(0, 'complete', clone);
    return reached(api, id, ClonePhase[start]);
  }

  /** The phase that a clone stays in, once nothing is to be done with it. */
  async function settledIn(id: string): Promise<string> {
    let phase = '';
    await until(async () => {
      const [row] = await db.query<{ phase: string }>(SETTLED, [id]);
      phase = row?.phase ?? '';
      if (phase !== 'RUNNING') return phase !== '';
      const { executionId } = executionOf(await got(replica(0).api, id));
      return house.executor.workloads.get(executionId)?.state === WorkloadState.RUNNING;
    });
    return phase;
  }

  async function removeAll(clones: readonly Clone[]): Promise<void> {
    const { api } = replica(1);
    await Promise.all(clones.map((clone) => act(1, 'delete', clone)));
    await Promise.all(clones.map(({ id }) => reached(api, id, ClonePhase.DELETED)));
    const ids = new Set(clones.map(({ id }) => id));
    const workloads = [...house.executor.workloads.values()];
    const left = workloads.filter(({ cloneId, state }) => {
      return ids.has(cloneId) && state !== WorkloadState.REMOVED;
    });
    assert.deepEqual(left, [], 'workloads are left');
  }
});

/** The phase of a clone that nothing is due for, and that is what it is wanted to be. */
const SETTLED = `
  select c.phase from clone c join work w on w.id = c.id
  where c.id = $1 and c.candidate is null and c.restart is null
    and w.leased_until < clock_timestamp()
    and coalesce(w.due_at > clock_timestamp() + interval '1 minute', true)
    and (c.action is null or c.phase = 'RUNNING' and c.action->>'name' in ('clones.create', 'clones.restart'))
    and (c.phase = c.desired
      or c.phase in ('COMPLETED', 'STOPPED', 'FAILED') and c.desired in ('RUNNING', 'STOPPED', 'SUSPENDED'))`;

async function createTemplate(api: Api, ownerId: string): Promise<string> {
  const value = { bundle: 'web', command: ['node', 'bot.mjs'] };
  const spec = TemplateSpec.fromPartial({
    stages: [
      {
        name: 'main',
        work: { $case: 'source', value: { source: { $case: 'process', value } } },
      },
    ],
    policy: {
      expireAfter: { seconds: BigInt(DAY_S) },
      extendUpTo: { seconds: BigInt(30 * DAY_S) },
    },
  });
  const { template } = await api.templates.createTemplate({
    ...CreateTemplateRequest.decode(new Uint8Array()),
    owner: ownerOf(ownerId),
    name: 'racer',
    kind: CloneKind.BOT,
    spec,
  });
  return template?.id ?? assert.fail('no template came back');
}
