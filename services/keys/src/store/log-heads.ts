import type { Database } from '@ramet/database';

/** What became of a step of thinning. */
export interface Thinned {
  /** How many heads were removed. */
  readonly removed: number;
  /** The log after which the next step begins: the same if there is more. Absent when all is done. */
  readonly next?: bigint;
}

/** Any number, as long as it is used for nothing but this. */
const LOCK = 7_320_005;

/** How many logs a step looks at, and how many heads of each: what bounds the time that it takes. */
const LOGS = 100;
const HEADS = 100;

/** Takes out of the heads of logs what says nothing that a later one does not. */
export class LogHeads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Removes heads that are older than so many days and not the last of their hour, of some of the logs
   * after one. The newest head of a log stays, whatever its age.
   *
   * Does nothing and says that all is done while somebody else is at it.
   */
  async thin(days: number, after: bigint): Promise<Thinned> {
    return this.#db.transaction(async (tx) => {
      const tryLock = 'select pg_try_advisory_xact_lock($1, hashtext($2)) as locked';
      const [lock] = await tx.query<{ readonly locked: boolean }>(tryLock, [LOCK, this.#db.schema]);
      if (!lock?.locked) return { removed: 0 };

      const [row] = await tx.query<ThinRow>(THIN, [days, after, LOGS, HEADS]);
      const removed = Number(row?.removed ?? 0n);
      const last = row?.last ?? undefined;
      if (last === undefined) return { removed };
      return { removed, next: row?.isMore ? after : last };
    });
  }
}

interface ThinRow {
  readonly removed: bigint;
  readonly last: bigint | null;
  readonly isMore: boolean;
}

/**
 * Each log goes on at the last old head that it came to, which was not judged: the one after it was
 * not there yet, or not read. Logs whose next head is young are not read any further.
 */
const THIN = `
  with looked_at as (
    select l.id, coalesce(t.size, 0) as size
    from log as l left join log_thinning as t on t.log_id = l.id
    where l.id > $2 order by l.id limit $3
  ), page as (
    select h.log_id, h.size, h.at,
           lead(h.at) over in_order as next_at,
           row_number() over in_order as nth
    from looked_at
    cross join lateral (
      select at from log_head where log_id = looked_at.id and size > looked_at.size
      order by size limit 1
    ) as first
    cross join lateral (
      select * from log_head where log_id = looked_at.id and size >= looked_at.size
      order by size limit $4
    ) as h
    where first.at < ramet_now() - $1 * interval '1 day'
    window in_order as (partition by h.log_id order by h.size)
  ), old as (
    select * from page where at < ramet_now() - $1 * interval '1 day'
  ), removed as (
    delete from log_head as h using old
    where h.log_id = old.log_id and h.size = old.size
      and date_trunc('hour', old.next_at, 'UTC') = date_trunc('hour', old.at, 'UTC')
    returning h.size
  ), noted as (
    insert into log_thinning (log_id, size)
    select log_id, max(size) from old group by log_id
    on conflict (log_id) do update set size = excluded.size
  )
  select (select count(*) from removed) as removed,
         (select max(id) from looked_at) as last,
         exists (select from old where nth = $4) as "isMore"`;
