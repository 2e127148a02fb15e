import {
  createBatcher,
  type Database,
  decodePageToken,
  encodePageToken,
  type HistoryRow,
  pageSize,
  readNewest,
} from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Surroundings } from '../domain/circumstances.js';
import type { Clone, Endpoint } from '../domain/clone.js';
import type { Health } from '../domain/facts.js';
import { type Sight, sees } from '../domain/sight.js';
import { type ListOptions, type Page, type PageWish, readCloneList } from './clone-list.js';
import { CLONE_COLUMNS, CLONE_WITH_EXECUTION, type CloneRow, toClone } from './clone-row.js';
import { readSurroundings } from './surroundings.js';

export type { View } from './clone-list.js';

/** A clone as it was read, with the head of its chain and the database's time. */
export interface Kept {
  readonly clone: Clone;
  readonly hash: Buffer;
  readonly now: Date;
}

/** A clone that a reconciler has claimed, with what it has to know of it. */
export interface Claim extends Kept {
  readonly claimedAt?: Date;
  /** When its workload has reported progress last. */
  readonly activeAt?: Date;
  readonly health?: Health;
  readonly endpoints?: readonly Endpoint[];
  /** What stood in the way the last time. */
  readonly problem: string;
  /** The trace of the call that has set it in motion. */
  readonly trace: string;
}

/** Which changes of a clone a list has. */
export interface HistoryWish {
  /** Empty: all kinds. */
  readonly kinds: readonly string[];
  /** Empty: by anybody. */
  readonly actor: string;
  readonly startTime: Date | undefined;
  readonly endTime: Date | undefined;
}

/** What can be asked about clones. What is out of sight is not there, by the same statement. */
export class CloneReads {
  readonly #db: Database;
  readonly #findAny: (id: string) => Promise<Kept | undefined>;

  constructor(db: Database) {
    this.#db = db;
    this.#findAny = createBatcher({ run: (ids) => this.#findAll(ids), inFlight: 2 });
  }

  /** Throws CLONE_NOT_FOUND for what is out of sight. */
  async get(id: string, sight: Sight): Promise<Clone> {
    const kept = await this.find(id, sight);
    if (!kept) throw notFound('clone', id);
    return kept.clone;
  }

  async find(id: string, sight: Sight): Promise<Kept | undefined> {
    if (sight === 'all') return this.#findAny(id);
    const [row] = await this.#db.query<KeptRow>(FIND, [id, ownersIn(sight)]);
    return row && toKept(row);
  }

  /** Ids of an owner's clones that are not deleted, newest first, from one on. At most 500. */
  async idsOf(ownerId: string, before: string | undefined): Promise<readonly string[]> {
    const sql = `
      select c.id from clone c
      where c.owner_id = $1 and c.deleted_at is null and ($2::text is null or c.id < $2)
      order by c.id desc limit 500`;
    const rows = await this.#db.query<{ id: string }>(sql, [ownerId, before ?? null]);
    return rows.map(({ id }) => id);
  }

  /** The id of the clone in sight that an owner's external reference names, if it is not at rest. */
  async findByReference(
    { ownerId, externalRef }: { readonly ownerId: string; readonly externalRef: string },
    sight: Sight,
  ): Promise<string | undefined> {
    if (!sees(sight, ownerId)) return undefined;
    const sql = `
      select c.id from clone c
      where c.owner_id = $1 and c.external_ref = $2 and c.external_ref <> '' and (
        c.restart is not null or c.phase not in ('COMPLETED', 'STOPPED', 'FAILED', 'DELETED'))`;
    const [row] = await this.#db.query<{ id: string }>(sql, [ownerId, externalRef]);
    return row?.id;
  }

  async #findAll(ids: readonly string[]): Promise<readonly (Kept | undefined)[]> {
    const rows = await this.#db.query<KeptRow>(FIND_ALL, [[...new Set(ids)]]);
    const found = new Map(rows.map((row) => [row.id, toKept(row)]));
    return ids.map((id) => found.get(id));
  }

  /** The clones of these ids, for their reconciler. */
  async claims(ids: readonly string[]): Promise<ReadonlyMap<string, Claim>> {
    const rows = await this.#db.query<ClaimRow>(CLAIMS, [ids]);
    return new Map(rows.map((row) => [row.id, toClaim(row)]));
  }

  /** A page of clones, newest first unless an order is asked for. */
  async list(options: ListOptions): Promise<Page<Clone>> {
    return readCloneList(this.#db, options);
  }

  /** A page of what has happened to a clone, oldest first. */
  async history(cloneId: string, wish: HistoryWish, page: PageWish): Promise<Page<HistoryRow>> {
    const binding = ['clone_history', ...page.binding];
    const after = decodePageToken(page.token, binding, ['position'])?.[0] ?? '0';
    const limit = pageSize(page.size);
    const { kinds, actor, startTime = null, endTime = null } = wish;
    const params = [cloneId, after, kinds, actor, startTime, endTime, limit + 1, PAGE_BYTES];
    const rows = await this.#db.query<HistoryRow>(HISTORY, params);

    const items = rows.slice(0, limit);
    const weight = items.reduce((sum, { payload }) => sum + payload.length, 0);
    const isFull = rows.length > limit || weight >= PAGE_BYTES;
    const last = isFull ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([String(last.position)], binding) : '' };
  }

  /** The newest change of a clone up to a moment, as it was published. */
  async entryAt(
    cloneId: string,
    moment: { readonly seq?: number; readonly time?: Date; readonly position?: bigint },
  ): Promise<Buffer | undefined> {
    const { seq = null, time = null, position = null } = moment;
    const params = [cloneId, seq, time, position];
    const [row] = await this.#db.query<{ payload: Buffer }>(ENTRY_AT, params);
    return row?.payload;
  }

  /** The history of all clones after a position. */
  async historyAfter(after: bigint, limit: number): Promise<readonly HistoryRow[]> {
    return readNewest(this.#db, { after, limit });
  }

  /** What is stored around a clone, for who asks why it is as it is. */
  async surroundings(clone: Clone): Promise<Surroundings> {
    return readSurroundings(this.#db, clone);
  }

  /** The positions of the oldest history that is kept and of the newest. */
  async span(): Promise<{ readonly oldest: bigint; readonly newest: bigint }> {
    const sql = `
      select coalesce((select min(h.position) from history h where h.position is not null),
                      s.position + 1) as oldest,
             s.position as newest
      from sequencer s`;
    const [row] = await this.#db.query<{ oldest: bigint; newest: bigint }>(sql);
    return row ?? { oldest: 1n, newest: 0n };
  }

  /** How many clones there are in each phase but DELETED. */
  async countByPhase(): Promise<ReadonlyMap<Clone['phase'], number>> {
    const sql = `
      select phase, count(*)::int as count from clone where deleted_at is null
      group by phase order by phase`;
    const rows = await this.#db.query<{ phase: Clone['phase']; count: number }>(sql);
    return new Map(rows.map(({ phase, count }) => [phase, count]));
  }
}

interface KeptRow extends CloneRow {
  readonly now: Date;
}

function toKept(row: KeptRow): Kept {
  return { clone: toClone(row), hash: row.hash, now: row.now };
}

interface ClaimRow extends KeptRow {
  readonly claimed_at: Date | null;
  readonly reported_at: Date | null;
  readonly health: Health | null;
  readonly endpoints_told: readonly Endpoint[] | null;
  readonly error: string | null;
  readonly trace: string;
}

function toClaim(row: ClaimRow): Claim {
  return {
    ...toKept(row),
    ...(row.claimed_at && { claimedAt: row.claimed_at }),
    ...(row.reported_at && { activeAt: row.reported_at }),
    ...(row.health && { health: row.health }),
    ...(row.endpoints_told && { endpoints: row.endpoints_told }),
    problem: row.error ?? '',
    trace: row.trace,
  };
}

const IN_SIGHT = '($2::text[] is null or c.owner_id = any ($2))';

const FIND = `
  select ${CLONE_COLUMNS}, ramet_now() as now
  from ${CLONE_WITH_EXECUTION}
  where c.id = $1 and ${IN_SIGHT}`;

const FIND_ALL = `
  select ${CLONE_COLUMNS}, ramet_now() as now
  from ${CLONE_WITH_EXECUTION}
  where c.id = any ($1)
  order by c.id`;

/** A page ends with the change that reaches this: with it, it still fits into a message. */
const PAGE_BYTES = 1024 * 1024;

/** What has a position: a change that was made just now has its place a moment later. */
const HISTORY = `
  select position, aggregate, seq, kind, actor, cause, payload, prev_hash as "prevHash", hash, at,
    trace
  from (
    select due.*, sum(length(payload)) over (order by seq) - length(payload) as bytes_before
    from (
      select h.* from history h
      where h.aggregate = $1 and h.position > $2::bigint
        and (cardinality($3::text[]) = 0 or h.kind = any ($3))
        and ($4 = '' or h.actor = $4)
        and ($5::timestamptz is null or h.at >= $5) and ($6::timestamptz is null or h.at < $6)
      order by h.seq
      limit $7
    ) as due
  ) as page
  where bytes_before < $8
  order by seq`;

/** A seq is one that the clone has had; times and positions are those of the last change up to it. */
const ENTRY_AT = `
  select h.payload from history h
  where h.aggregate = $1 and ($2::integer is null or h.seq = $2)
    and ($3::timestamptz is null or h.at <= $3)
    and ($4::bigint is null or h.position <= $4)
  order by h.seq desc
  limit 1`;

const CLAIMS = `
  select ${CLONE_COLUMNS}, ramet_now() as now, p.claimed_at, p.reported_at, p.health,
    p.endpoints as endpoints_told, w.error, w.trace
  from ${CLONE_WITH_EXECUTION}
  join work w on w.id = c.id
  left join execution_progress p on p.execution_id = e.id
  where c.id = any ($1)
  order by c.id`;

/** The owners in sight, as a parameter: null for all. */
function ownersIn(sight: Sight): readonly string[] | null {
  return sight === 'all' ? null : sight;
}
