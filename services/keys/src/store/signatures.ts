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
    const sql = `
      select ${SIGNATURE_COLUMNS}
      from signature as s join key_grant as g on g.id = s.grant_id
      where s.key_id = $1 and ($2 = '' or g.clone_id = $2)
        and ($3::bigint is null or s.position < $3)
      order by s.position desc limit $4`;
    const rows = await this.#db.query<SignatureRow>(sql, [keyId, cloneId, before, limit]);
    return rows.map(signatureOf);
  }
}
