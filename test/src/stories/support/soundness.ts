import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Link, verifyChain } from '@ramet/database';
import type { LogFault } from '@ramet/proto-gen/keys.v1';
import {
  type CloneHistoryEntry,
  GetCloneRequest,
  ListCloneHistoryRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { processesWithVariable } from '@ramet/service';
import { again, until } from './again.js';
import type { Person, World } from './world.js';

const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;

/** Throws unless all that the mesh has stored agrees with itself. It does so at every commit. */
export async function requireAgreement(world: World): Promise<void> {
  for (const service of SERVICES) await requireChains(world, service);
  assert.deepEqual(await world.ask(WRONG_QUOTAS), [], 'the quota ledger does not add up');
  assert.deepEqual(await world.ask(WRONG_USES), [], 'a grant was used otherwise than was logged');
  assert.deepEqual(await world.ask(DOUBLE_OUTCOMES), [], 'more executions than epochs');
  assert.deepEqual(await world.ask(WRONG_HOLDS), [], 'clones hold other than was entered');
  assert.deepEqual(await world.ask(LOST_BLOBS), [], 'a result without its blob');
  await requireKnownBlobs(world);
  await requireSoundLogs(world);
}

/** Throws if anything is left of clones, once all of them are deleted. */
export async function requireNothingLeft(world: World): Promise<void> {
  await requireAgreement(world);
  for (const [what, sql] of Object.entries(LEFT)) {
    assert.deepEqual(await world.ask(sql), [], `${what} is left`);
  }
  const { run } = world.mesh.layout;
  assert.deepEqual(readdirSync(join(run, '.storage')), [], 'a storage is left');
  assert.deepEqual(foldersOfExecutions(world), [], 'a folder is left');
  assert.deepEqual(readdirSync(join(run, '.control')), [], 'a socket is left');

  const known = await world.ask<{ name: string }>('select name from executor.workload');
  const left = known.filter(
    ({ name }) => processesWithVariable('RAMET_EXECUTION', name).length > 0,
  );
  assert.deepEqual(left, [], 'a process is left');
}

/**
 * Waits until nothing is left of what clones left, once all of them are deleted and swept.
 *
 * What an upload that was broken off has put stays until the upload could not be kept any more.
 */
export async function requireSwept(world: World): Promise<void> {
  const rows = `select clone_id from lifecycle.result_head
                union all select clone_id from lifecycle.result_blob
                where remove_at is null or remove_at <= now()`;
  await until('all results are swept', async () => (await world.ask(rows)).length === 0);
  await requireKnownBlobs(world);
}

/** Every blob has a row, which was there before it and goes after it: blobs are looked at first. */
async function requireKnownBlobs(world: World): Promise<void> {
  const found = blobsOf(world);
  const rows = await world.ask<{ key: string }>('select key from lifecycle.result_blob');
  const known = new Set(rows.map(({ key }) => key));
  const unknown = found.filter((key) => !known.has(key));
  const left = new Set(blobsOf(world));
  assert.deepEqual(
    unknown.filter((key) => left.has(key)),
    [],
    'a blob of which nothing speaks',
  );
}

function blobsOf({ mesh: { layout } }: World): readonly string[] {
  if (!existsSync(layout.blobs)) return [];
  const names = readdirSync(layout.blobs, { recursive: true, encoding: 'utf8' });
  return names.flatMap((name) => /^(results\/[^/]+\/[^/.]+)\.blob$/.exec(name)?.[1] ?? []);
}

/** The logs of signatures and refusals are those of their records and of every head that was signed. */
async function requireSoundLogs({ admin }: World): Promise<void> {
  const faults = await again(async () => {
    const found: LogFault[] = [];
    for await (const { audit } of admin.api.receipts.auditLogs({})) {
      found.push(...(audit?.faults ?? []));
    }
    return found;
  });
  assert.deepEqual(faults, [], 'somebody was at the logs');
}

/** Ends a mesh of which nothing may be left, and throws if anything is. */
export async function endSoundly(world: World | undefined): Promise<void> {
  if (!world) return;
  try {
    await requireNothingLeft(world);
    assert.deepEqual(await world.mesh.stop(), [], 'somebody had to be killed');
  } finally {
    await world[Symbol.asyncDispose]();
  }
}

/** Throws if there is anything outside that the ledger does not know of. */
export async function requireInventory(world: World): Promise<void> {
  const found = foldersOfExecutions(world);
  const rows = await world.ask<{ name: string }>(
    `select name from executor.workload where state <> 'removed'`,
  );
  const known = new Set(rows.map(({ name }) => name));
  // What was removed meanwhile is not there any more when it is looked for again.
  const left = new Set(foldersOfExecutions(world));
  const orphans = found.filter((name) => !known.has(name) && left.has(name));
  assert.deepEqual(orphans, [], 'something exists that is in no ledger');
}

function foldersOfExecutions({ mesh: { layout } }: World): readonly string[] {
  const found = [...readdirSync(join(layout.executor, 'executions')), ...readdirSync(layout.run)];
  return found.filter((name) => name.startsWith('exe_'));
}

/** Throws unless a clone's history is whole, gives the clone as it is, and tells each end once. */
export async function requireOneLife({ patient: { clones } }: Person, id: string): Promise<void> {
  const { clone } = await clones.getClone(GetCloneRequest.fromPartial({ id }));
  const { entries } = await clones.listCloneHistory(
    ListCloneHistoryRequest.fromPartial({ cloneId: id }),
  );
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, index) => index + 1),
    `a gap in the history of ${id}`,
  );
  assert.deepEqual(entries.at(-1)?.clone, clone, `the history of ${id} does not give it`);
  const executions = new Set(entries.flatMap(({ clone }) => clone?.execution?.id ?? []));
  for (const executionId of executions) {
    const outcomes = outcomesIn(entries, executionId);
    assert.ok(outcomes.size <= 1, `more than one outcome of ${executionId} of ${id}`);
  }
}

function outcomesIn(
  entries: readonly CloneHistoryEntry[],
  executionId: string,
): ReadonlySet<string> {
  const executions = entries.flatMap(({ clone }) => clone?.execution ?? []);
  const outcomes = executions.flatMap(({ id, outcome }) => (id === executionId && outcome) || []);
  return new Set(outcomes.map((outcome) => JSON.stringify(outcome)));
}

interface Row extends Link {
  readonly position: bigint | null;
}

async function requireChains(world: World, service: string): Promise<void> {
  const rows = await world.ask<Row>(
    `select aggregate, seq, payload, prev_hash as "prevHash", hash, position
     from ${service}.history order by aggregate, seq`,
  );
  for (const aggregate of new Set(rows.map((row) => row.aggregate))) {
    const links = rows.filter((row) => row.aggregate === aggregate);
    assert.equal(links[0]?.seq, 1);
    assert.equal(verifyChain(links), undefined, `a broken chain in ${service}`);
    const positions = links.flatMap(({ position }) => position ?? []);
    assert.deepEqual(positions, [...positions].sort(ascending), `out of order in ${service}`);
  }
  const positions = rows.flatMap(({ position }) => position ?? []).sort(ascending);
  assert.deepEqual(
    positions,
    positions.map((_, index) => BigInt(index + 1)),
  );
}

function ascending(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}

const WRONG_QUOTAS = `
  select q.owner_id, q.used, sum(e.change) as entered
  from lifecycle.quota q
  left join lifecycle.quota_entry e using (owner_id, kind, resource)
  group by q.owner_id, q.kind, q.resource, q.used
  having q.used <> coalesce(sum(e.change), 0)`;

const WRONG_USES = `
  select g.id, g.uses, count(s.request_id) as logged
  from keys.key_grant g left join keys.signature s on s.grant_id = g.id
  where g.max_uses is not null
  group by g.id, g.uses
  having g.uses <> count(s.request_id)`;

const DOUBLE_OUTCOMES = `
  select c.id from lifecycle.clone c join lifecycle.execution e on e.clone_id = c.id
  group by c.id, c.epoch
  having count(*) <> c.epoch`;

const WRONG_HOLDS = `
  select c.id, e.resource
  from lifecycle.clone c join lifecycle.quota_entry e on e.clone_id = c.id
  group by c.id, c.phase, e.owner_id, e.resource
  having sum(e.change) < 0 or (c.phase = 'DELETED' and sum(e.change) <> 0)`;

const LOST_BLOBS = `
  select r.clone_id, r.name
  from lifecycle.result r left join lifecycle.result_blob b on b.key = r.blob and b.remove_at is null
  where r.removed_at is null and b.key is null`;

const LEFT: Readonly<Record<string, string>> = {
  'a clone': `select id, phase from lifecycle.clone where phase <> 'DELETED'`,
  quota: 'select owner_id, used from lifecycle.quota where used <> 0',
  'a hold': 'select key_id, clone_id from keys.hold',
  'a grant': 'select id, clone_id from keys.key_grant where revoked_at is null',
  'a workload': `select name, state from executor.workload where state <> 'removed'`,
  'a storage': `select clone_id, state from executor.storage where state <> 'removed'`,
  'an action that is not over': `select id, name from lifecycle.action where ended_at is null`,
  'an execution without an outcome':
    'select id from lifecycle.execution where outcome is null and started_at is not null',
};
