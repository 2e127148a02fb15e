import type { Queries } from './database.js';

/**
 * A claimed row of a `work` table: one thing to bring one step further.
 *
 * A service that reconciles has such a table, narrow, with one row per aggregate:
 *
 *     create table work (
 *       id           text        primary key,
 *       due_at       timestamptz,                              -- null: nothing to do
 *       leased_until timestamptz not null default '-infinity',
 *       lease_seq    bigint      not null default 0,           -- the fencing number
 *       attempt      integer     not null default 0,           -- failures in a row
 *       error        text                                      -- the last failure
 *     ) with (fillfactor = 50);
 *     create index work_due on work (due_at, id) where due_at is not null;
 *
 * Anybody may wake a row, also in a statement of their own: `set due_at = ramet_now()`. A row that
 * is woken during its lease stays leased, and is due again as soon as the step is finished.
 */
export interface Claimed {
  readonly id: string;
  readonly leaseSeq: bigint;
  /** How many steps have failed in a row before this one. */
  readonly attempt: number;
}

export interface ClaimOptions {
  readonly table?: string;
  readonly limit: number;
  /** After this the row may be claimed again, by anybody. */
  readonly leaseMs: number;
  /** Claims only rows in which this column has this value, such as `host_id`. */
  readonly only?: { readonly column: string; readonly value: string };
}

/** How a step ended. */
export interface Finished {
  readonly id: string;
  readonly leaseSeq: bigint;
  /** When the row is due next, counted from the finish; null when there is nothing left to do. */
  readonly dueInMs: number | null;
  /** What went wrong, if it did: it is kept, and counted in `attempt`. */
  readonly error?: string;
}

/** The lease was lost: another worker has the row, and what this one found out is void. */
export class StaleLease extends Error {
  override readonly name = 'StaleLease';
  constructor(id: string) {
    super(`the lease of ${id} was lost`);
  }
}

/**
 * Claims the rows that are due, oldest first: a row goes to one worker only, until its lease ends.
 *
 * The claim is the lease: it is committed at once, and holds no lock afterwards.
 */
export async function claimDue(db: Queries, options: ClaimOptions): Promise<readonly Claimed[]> {
  const { table = 'work', limit, leaseMs, only } = options;
  const condition = only ? `and ${only.column} = $3` : '';
  const sql = `
    with due as materialized (
      select id from ${table}
      where due_at <= ramet_now() and leased_until <= ramet_now() ${condition}
      order by due_at, id
      limit $1
      for no key update skip locked
    ), lease as materialized (
      select ramet_now() + $2 * interval '1 millisecond' as until
    ), claimed as (
      update ${table} as work
      set due_at = lease.until, leased_until = lease.until, lease_seq = work.lease_seq + 1
      from due, lease
      where work.id = due.id
      returning work.id, work.lease_seq, work.attempt
    )
    select id, lease_seq as "leaseSeq", attempt from claimed order by id`;
  return db.query(sql, only ? [limit, leaseMs, only.value] : [limit, leaseMs]);
}

/**
 * Ends a step: says when the row is due next, in the transaction of the step's result.
 *
 * A row that was woken meanwhile is due at once. Throws `StaleLease` if the lease was lost, so that
 * the transaction rolls back and the step has no effect.
 */
export async function finish(tx: Queries, finished: Finished & { table?: string }): Promise<void> {
  const { table = 'work', id } = finished;
  const current = await finishAll(tx, [finished], table);
  if (!current.has(id)) throw new StaleLease(id);
}

/** Ends many steps in one statement. Returns the ids whose lease was still held. */
export async function finishAll(
  tx: Queries,
  finished: readonly Finished[],
  table = 'work',
): Promise<ReadonlySet<string>> {
  // Locked in one order first: whoever else locks many rows goes by id too.
  const sql = `
    with done as materialized (
      select done.*
      from unnest($1::text[], $2::bigint[], $3::float8[], $4::text[])
             as done (id, lease_seq, due_in_ms, error)
      join ${table} as work on work.id = done.id and work.lease_seq = done.lease_seq
      order by work.id
      for no key update of work
    )
    update ${table} as work
    set due_at = case
          when work.due_at is distinct from work.leased_until then clock.now
          else clock.now + done.due_in_ms * interval '1 millisecond'
        end,
        leased_until = '-infinity',
        attempt = case when done.error is null then 0 else work.attempt + 1 end,
        error = done.error
    from done, (select ramet_now() as now) as clock
    where work.id = done.id and work.lease_seq = done.lease_seq
    returning work.id`;
  const rows = await tx.query<{ id: string }>(sql, [
    finished.map(({ id }) => id),
    finished.map(({ leaseSeq }) => leaseSeq),
    finished.map(({ dueInMs }) => dueInMs),
    finished.map(({ error }) => error ?? null),
  ]);
  return new Set(rows.map(({ id }) => id));
}

/** Gives claimed rows back that were not worked on, so that nobody waits for their leases to end. */
export async function giveBack(
  db: Queries,
  claimed: readonly Claimed[],
  table = 'work',
): Promise<void> {
  const sql = `
    update ${table} as work set due_at = ramet_now(), leased_until = '-infinity'
    from unnest($1::text[], $2::bigint[]) as back (id, lease_seq)
    where work.id = back.id and work.lease_seq = back.lease_seq`;
  await db.query(sql, [claimed.map(({ id }) => id), claimed.map(({ leaseSeq }) => leaseSeq)]);
}

/**
 * Makes rows due at once, in the transaction of the change they must see.
 *
 * A row that does not exist yet is made.
 */
export async function wakeWork(tx: Queries, ids: readonly string[], table = 'work'): Promise<void> {
  const sql = `
    insert into ${table} (id, due_at)
    select id, ramet_now() from unnest($1::text[]) as woken (id) order by id
    on conflict (id) do update set due_at = ramet_now()`;
  await tx.query(sql, [ids]);
}
