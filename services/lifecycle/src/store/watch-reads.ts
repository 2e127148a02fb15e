import { type Database, type HistoryRow, lastPosition, readHistory } from '@ramet/database';
import type { Clone } from '../domain/clone.js';
import type { Sight } from '../domain/sight.js';
import type { WatchFilter } from '../domain/watch-filter.js';
import { CLONE_COLUMNS, CLONE_WITH_EXECUTION, type CloneRow, toClone } from './clone-row.js';

/** Which page of a snapshot. */
export interface SnapshotWish {
  readonly sight: Sight;
  readonly filter: WatchFilter;
  /** The position that was the last before the first page was read. */
  readonly since: bigint;
  /** The position up to which the watcher has been told changes before. */
  readonly told: bigint;
  /** The id of the last clone of the page before. */
  readonly after: string;
  readonly limit: number;
}

/** A clone of a snapshot. */
export interface SnapshotClone {
  readonly clone: Clone;
  /** Whether changes that are in it already come after it: newer ones, or ones of a former owner. */
  readonly isAhead: boolean;
}

/** The change of an aggregate that comes before another. */
export type Before = Pick<HistoryRow, 'aggregate' | 'seq' | 'payload'>;

/** A page ends with the clone that reaches this. */
const PAGE_BYTES = 1024 * 1024;

/** What watches read when what is kept in memory does not do. */
export class WatchReads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The last position that was given. */
  lastPosition(): Promise<bigint> {
    return lastPosition(this.#db);
  }

  /** A page of the history after a position, of one clone or of all. */
  history(after: bigint, limit: number, cloneId: string): Promise<readonly HistoryRow[]> {
    return readHistory(this.#db, { after, limit, ...(cloneId !== '' && { aggregate: cloneId }) });
  }

  /**
   * A page of the clones that pass a filter, by id, each as it is when the page is read. Deleted ones
   * are only in it if they are asked for by id. It may be shorter than its limit; only an empty one
   * says that there is no more.
   *
   * What of a clone has a position up to `since` is in it, as positions are given after commits.
   */
  async snapshot(wish: SnapshotWish): Promise<readonly SnapshotClone[]> {
    const { sight, filter, since, told, after, limit } = wish;
    const rows = await this.#db.query<SnapshotRow>(SNAPSHOT, [
      sight === 'all' ? null : sight,
      after,
      since,
      filter.cloneId,
      filter.teamId,
      filter.kinds,
      filter.phases,
      JSON.stringify(filter.labels),
      limit,
      PAGE_BYTES,
      told,
    ]);
    return rows.map((row) => ({ clone: toClone(row), isAhead: row.is_ahead }));
  }

  /** The change before each of these, where there is one. */
  async before(changes: readonly Omit<Before, 'payload'>[]): Promise<readonly Before[]> {
    if (changes.length === 0) return [];
    return this.#db.query<Before>(BEFORE, [
      changes.map(({ aggregate }) => aggregate),
      changes.map(({ seq }) => seq - 1),
    ]);
  }
}

interface SnapshotRow extends CloneRow {
  readonly is_ahead: boolean;
}

const SNAPSHOT = `
  select * from (
    select p.*, sum(own_bytes) over (order by p.id)::float8 - own_bytes as bytes_before
    from (
      select ${CLONE_COLUMNS},
        h.seq is not null and (coalesce(h.position > $3, true) or $11::bigint < $3 and exists (
          select 1 from history r
          where r.aggregate = c.id and r.kind = 'clone.reassigned' and r.position > $11
        )) as is_ahead,
        octet_length(c.release::text) as own_bytes
      from ${CLONE_WITH_EXECUTION}
      left join history h on h.aggregate = c.id and h.seq = c.seq
      where ($1::text[] is null or c.owner_id = any ($1))
        and c.id > $2
        and case when $4 = '' then c.deleted_at is null else c.id = $4 end
        and ($5 = '' or c.team_id = $5)
        and (cardinality($6::text[]) = 0 or c.kind = any ($6))
        and (cardinality($7::text[]) = 0 or c.phase = any ($7))
        and c.labels @> $8::jsonb
      order by c.id
      limit $9
    ) as p
  ) as weighed
  where bytes_before < $10
  order by id`;

const BEFORE = `
  select h.aggregate, h.seq, h.payload
  from unnest($1::text[], $2::int[]) as wanted (aggregate, seq)
  join history h on h.aggregate = wanted.aggregate and h.seq = wanted.seq
  order by h.aggregate, h.seq`;
