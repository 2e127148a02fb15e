import type { Database } from '@ramet/database';

/** Takes out of the heads of logs what says nothing that a later one does not. */
export class LogHeads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Removes heads that are older than so many days and not the last of their hour, up to a limit.
   * Returns how many. The newest head of a log stays, whatever its age.
   */
  async thin(days: number, limit: number): Promise<number> {
    const [row] = await this.#db.query<{ readonly count: bigint }>(THIN, [days, limit]);
    return Number(row?.count ?? 0n);
  }
}

const THIN = `
  with spare as (
    select h.log_id, h.size from log_head as h
    where h.at < ramet_now() - $1 * interval '1 day'
      and exists (
        select from log_head as later
        where later.log_id = h.log_id and later.size > h.size
          and date_trunc('hour', later.at, 'UTC') = date_trunc('hour', h.at, 'UTC'))
    limit $2
  ), removed as (
    delete from log_head as h using spare
    where h.log_id = spare.log_id and h.size = spare.size
    returning h.size
  )
  select count(*) as count from removed`;
