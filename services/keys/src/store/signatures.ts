import type { Database } from '@ramet/database';
import type { Signature } from '../domain/signature.js';
import { SIGNATURE_COLUMNS, type SignatureRow, signatureOf } from './log-records.js';

/** A page of the log of a key, newest first. */
export interface LogPage {
  /** Only those of this clone, if it is not empty. */
  readonly cloneId: string;
  /** The position that the page before has ended at. */
  readonly before: bigint | undefined;
  readonly limit: number;
}

/** The log of signatures. `accept_signatures` alone adds to it. */
export class Signatures {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The signatures made with a key, newest first. */
  async list(keyId: string, { cloneId, before, limit }: LogPage): Promise<readonly Signature[]> {
    const [sql, params] =
      cloneId === ''
        ? [LIST, [keyId, before, limit]]
        : [LIST_OF_CLONE, [keyId, before, limit, cloneId]];
    const rows = await this.#db.query<SignatureRow>(sql, params);
    return rows.map(signatureOf);
  }
}

const LIST = `
  select ${SIGNATURE_COLUMNS}
  from signature as s join key_grant as g on g.id = s.grant_id
  where s.key_id = $1 and ($2::bigint is null or s.position < $2)
  order by s.position desc limit $3`;

/** The signatures of each grant are looked for where they are: other clones' can be far more. */
const LIST_OF_CLONE = `
  select ${SIGNATURE_COLUMNS}
  from key_grant as g cross join lateral (
    select * from signature as o
    where o.key_id = $1 and o.grant_id = g.id and o.position > g.from_position
      and o.position <= coalesce(g.to_position, 9223372036854775807)
      and ($2::bigint is null or o.position < $2)
    order by o.position desc limit $3
  ) as s
  where g.key_id = $1 and g.clone_id = $4
  order by s.position desc limit $3`;
