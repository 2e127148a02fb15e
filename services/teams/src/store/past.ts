import { type Database, type HistoryRow, readNewest } from '@ramet/database';

/** The history of this service, as other services follow it. */
export class Past {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads the entries after a position, in order. Fewer than asked for do not mean the end. */
  async read(after: bigint, limit: number): Promise<readonly HistoryRow[]> {
    return readNewest(this.#db, { after, limit });
  }
}
