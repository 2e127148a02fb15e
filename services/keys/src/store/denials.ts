import type { Database } from '@ramet/database';
import type { Denial } from '../domain/denial.js';
import type { CountedRefusal } from '../signing/denials.js';
import { DENIAL_COLUMNS } from './log-records.js';

/** A page of the refusals of a key, newest first. */
export interface DenialPage {
  /** The id that the page before has ended at. */
  readonly before: bigint | undefined;
  readonly limit: number;
}

/** The refusals to sign. */
export class DenialLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Records refusals. */
  async record(refusals: readonly CountedRefusal[]): Promise<void> {
    const sql = `
      insert into denial (key_id, clone_id, execution_id, reason, count, trace_id, at)
      select d.key_id, d.clone_id, d.execution_id, d.reason, d.count, d.trace_id,
             date_trunc('milliseconds', ramet_now())
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
             as d (key_id, clone_id, execution_id, reason, count, trace_id)`;
    await this.#db.query(sql, [
      refusals.map(({ keyId }) => keyId),
      refusals.map(({ cloneId }) => cloneId),
      refusals.map(({ executionId }) => executionId),
      refusals.map(({ reason }) => reason),
      refusals.map(({ count }) => count),
      refusals.map(({ traceId }) => traceId),
    ]);
  }

  /** What was refused of a key, newest first. */
  async list(keyId: string, { before, limit }: DenialPage): Promise<readonly Denial[]> {
    const sql = `
      select ${DENIAL_COLUMNS} from denial as d
      where d.key_id = $1 and ($2::bigint is null or d.id < $2)
      order by d.id desc limit $3`;
    return this.#db.query<Denial>(sql, [keyId, before, limit]);
  }
}
