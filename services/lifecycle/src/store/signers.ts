import type { Database } from '@ramet/database';
import { SIGNING_PHASES } from '../domain/phases.js';
import type { Signing } from '../domain/signing.js';

/** An execution that may sign, and whose it is. */
export interface Signer extends Signing {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}

/** The executions that may go on signing. */
export class Signers {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** So many of them, by the id of their clone, after a clone. */
  async page(afterCloneId: string, limit: number): Promise<readonly Signer[]> {
    const rows = await this.#db.query<Row>(PAGE, [afterCloneId, limit, SIGNING_PHASES]);
    return rows.map((row) => ({ ...row, overAt: row.overAt ?? undefined }));
  }
}

interface Row extends Omit<Signer, 'overAt'> {
  readonly overAt: Date | null;
}

const PAGE = `
  select c.id as "cloneId", e.id as "executionId", e.epoch,
    least(c.deadline_at, c.expire_at) as "overAt",
    array(select jsonb_array_elements(c.conditions) ->> 'type') as conditions
  from clone c
  join execution e on e.clone_id = c.id and e.epoch = c.epoch
  where c.id > $1 and c.key_id <> '' and c.deleted_at is null
    and c.phase = any ($3) and e.outcome is null
  order by c.id limit $2`;
