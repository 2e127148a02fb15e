import assert from 'node:assert/strict';
import { type Database, openDatabase, type Queries, verifyChain } from '@ramet/database';
import { CloneChanged, ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { ENDED_PHASES, PHASES, type Phase, TRANSITIONS } from '../domain/phases.js';
import { holdsOf } from '../domain/quota.js';
import { cloneChanged } from '../events.js';
import { CLONE_COLUMNS, CLONE_WITH_EXECUTION, type CloneRow, toClone } from '../store/clone-row.js';
import { Quotas } from '../store/quotas.js';
import { requireSoundTemplates } from './template-soundness.js';

/**
 * Throws unless what lifecycle has stored agrees with itself: each clone's history gives its row, is
 * chained, and moves along the phase table; and the quota ledger adds up.
 */
export async function requireSound(databaseUrl: string): Promise<void> {
  await using db = await openDatabase({
    url: databaseUrl,
    schema: 'lifecycle',
    application: 'soundness',
    poolSize: 1,
  });
  await requireHistory(db);
  await requireQuota(db);
  await requireSoundTemplates(db);
}

async function requireHistory(db: Queries): Promise<void> {
  const rows = await db.query<CloneRow>(`select ${CLONE_COLUMNS} from ${CLONE_WITH_EXECUTION}`);
  for (const row of rows) {
    const all = await db.query<{ seq: number; payload: Buffer; hash: Buffer; prevHash: Buffer }>(
      `select aggregate, seq, payload, prev_hash as "prevHash", hash from history
       where aggregate = $1 order by seq`,
      [row.id],
    );
    const links = all.map((link) => ({ ...link, aggregate: row.id }));
    assert.equal(verifyChain(links), undefined, 'the chain is broken');
    assert.deepEqual(
      links.map(({ seq }) => seq),
      links.map((_, index) => index + 1),
    );

    const last = links.at(-1);
    assert.ok(last, 'a clone without a history');
    assert.deepEqual(
      CloneChanged.decode(last.payload),
      CloneChanged.decode(cloneChanged(toClone(row))),
      'the history does not give the row',
    );
    assert.ok(last.hash.equals(row.hash), 'the row has another head');
    requireMoves(links.map(({ payload }) => phaseIn(payload)));
    requireRunOver(row);
  }
  await requireOwnEntries(db, rows);
  await requirePositions(db);
}

/** Every entry of the kind says which clone it is of, and which change of it. */
async function requireOwnEntries(db: Queries, rows: readonly CloneRow[]): Promise<void> {
  const known = new Set(rows.map(({ id }) => id));
  const entries = await db.query<{ aggregate: string; seq: number; kind: string; payload: Buffer }>(
    `select aggregate, seq, kind, payload from history
     where kind like 'clone.%' or aggregate like 'cln\\_%' order by aggregate, seq`,
  );
  for (const { aggregate, seq, kind, payload } of entries) {
    assert.match(kind, /^clone\./, aggregate);
    assert.ok(known.has(aggregate), `a history without its clone: ${aggregate}`);
    const { clone } = CloneChanged.decode(payload);
    assert.deepEqual([clone?.id, clone?.seq], [aggregate, seq], `${kind} of another clone`);
  }
}

function phaseIn(payload: Buffer): Phase {
  const number = CloneChanged.decode(payload).clone?.phase;
  const phase = PHASES.find((name) => ClonePhase[name] === number);
  return phase ?? assert.fail(`a phase that is not known: ${number}`);
}

function requireMoves(phases: readonly Phase[]): void {
  assert.equal(phases[0], 'ACCEPTED');
  for (const [index, phase] of phases.entries()) {
    const before = phases[index - 1];
    if (before === undefined || before === phase) continue;
    assert.ok(Object.values(TRANSITIONS[before]).includes(phase), `${before} to ${phase}`);
  }
}

/** Where a run is over, no stage of it waits or goes on. */
function requireRunOver(row: CloneRow): void {
  const { id, phase, stages } = toClone(row);
  if (phase !== 'DELETED' && !ENDED_PHASES.includes(phase)) return;
  const open = stages.filter(({ state }) => state === 'WAITING' || state === 'ACTIVE');
  assert.deepEqual(open, [], `a run that is over goes on: ${id}`);
}

/** Positions are dense, but for those of clones of which only tombstones are left. */
async function requirePositions(db: Queries): Promise<void> {
  const wrong = await db.query(`
    select s.position, h.rows, t.pruned
    from sequencer s
    cross join (select count(*) as rows, max(position) as last from history where position > 0) h
    cross join (select coalesce(sum(seq), 0) as pruned from tombstone) t
    where h.rows + t.pruned <> s.position`);
  assert.deepEqual(wrong, [], 'positions are missing');
  const covered = await db.query(`
    select n.position
    from sequencer s
    cross join generate_series(1, s.position) as n (position)
    where not exists (select from history h where h.position = n.position)
      and not exists (select from tombstone t
                      where n.position between t.first_position and t.last_position)`);
  assert.deepEqual(covered, [], 'there is a gap that no tombstone is for');
  await requireSoundResults(db);
}

/** Results are dense in their clone, and each has its blob on record; a clone's sum adds up. */
async function requireSoundResults(db: Queries): Promise<void> {
  const wrong = await db.query(`
    select h.clone_id, h.next_index, h.size_bytes, r.count, r.bytes
    from result_head h
    cross join lateral (
      select count(*) as count, coalesce(max(r.index) + 1, 0) as next,
        coalesce(sum(r.size_bytes) filter (where r.removed_at is null), 0) as bytes,
        count(*) filter (where r.removed_at is null and not exists (
          select from result_blob b where b.key = r.blob and b.remove_at is null)) as lost
      from result r where r.clone_id = h.clone_id
    ) r
    where not h.is_doomed
      and (r.count <> h.next_index or r.next <> h.next_index or r.bytes <> h.size_bytes or r.lost > 0)`);
  assert.deepEqual(wrong, [], 'results do not add up');
}

async function requireQuota(db: Database): Promise<void> {
  const { mismatches } = await new Quotas(db, 0).check();
  assert.deepEqual(mismatches, [], 'balances, ledger and clones do not agree');

  const rows = await db.query<CloneRow & { holds: object }>(
    `select ${CLONE_COLUMNS} from ${CLONE_WITH_EXECUTION}`,
  );
  for (const row of rows) assert.deepEqual(row.holds, holdsOf(toClone(row)), row.id);
}
