import type { Database } from '@ramet/database';
import type { Surroundings } from '../domain/circumstances.js';
import type { Clone, Outcome } from '../domain/clone.js';
import type { Health } from '../domain/facts.js';
import { readProblem } from '../domain/problem.js';

interface SurroundingsRow {
  readonly now: Date;
  readonly due_at: Date | null;
  readonly attempt: number;
  readonly error: string | null;
  readonly claimed_at: Date | null;
  readonly health: Health | null;
  readonly health_at: Date | null;
  readonly last_outcome: Outcome | null;
  readonly deletion: { readonly cause: string; readonly at: string } | null;
}

/** What is stored around a clone and is no part of it: for who asks why it is as it is. */
export async function readSurroundings(
  db: Database,
  { id, epoch, execution, desired }: Clone,
): Promise<Surroundings> {
  const params = [id, execution?.id ?? '', epoch, desired === 'DELETED'];
  const [row] = await db.query<SurroundingsRow>(SURROUNDINGS, params);
  if (!row) throw new Error(`the clone has no work: ${id}`);
  const { health, health_at: healthAt, deletion, last_outcome: lastOutcome } = row;
  return {
    now: row.now,
    attempt: row.attempt,
    ...(row.due_at && { dueAt: row.due_at }),
    ...(row.error !== null && { problem: problemIn(row.error) }),
    ...(row.claimed_at && { claimedAt: row.claimed_at }),
    ...(health && { health: { ...health, ...(healthAt && { sinceAt: healthAt }) } }),
    ...(lastOutcome && { lastOutcome }),
    ...(deletion && { deletion: { cause: deletion.cause, at: new Date(deletion.at) } }),
  };
}

function problemIn(error: string) {
  const own = { peer: 'lifecycle', code: 'INTERNAL', reason: '', message: error };
  return readProblem(error) ?? own;
}

const SURROUNDINGS = `
  select ramet_now() as now, w.due_at, w.attempt, w.error, p.claimed_at, p.health, p.health_at,
    b.outcome as last_outcome,
    (select jsonb_build_object('cause', h.cause, 'at', h.at) from history h
     where $4 and h.aggregate = w.id and h.kind = 'clone.delete_requested'
     order by h.seq desc limit 1) as deletion
  from work w
  left join execution_progress p on p.execution_id = $2
  left join execution b on b.clone_id = w.id and b.epoch = $3 - 1
  where w.id = $1`;
