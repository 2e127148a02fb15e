import {
  createBatcher,
  type Database,
  decodePageToken,
  encodePageToken,
  type HistoryRow,
  isFullPage,
  pageSize,
  readHistory,
} from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Clone } from '../domain/clone.js';
import type { Sight } from '../domain/sight.js';
import { CLONE_COLUMNS, CLONE_WITH_EXECUTION, type CloneRow, toClone } from './clone-row.js';

/** A clone as it was read, with the head of its chain and the database's time. */
export interface Kept {
  readonly clone: Clone;
  readonly hash: Buffer;
  readonly now: Date;
}

/** A clone that a reconciler has claimed, with what it has to know of it. */
export interface Claim extends Kept {
  readonly claimedAt?: Date;
  /** What stood in the way the last time. */
  readonly problem: string;
  /** The trace of the call that has set it in motion. */
  readonly trace: string;
}

/** Which clones a list has. */
export type View = 'active' | 'history' | 'all';

export interface ListOptions {
  readonly sight: Sight;
  readonly view: View;
  readonly page: PageWish;
}

/** Which page of a list: how much, after what, and what else the caller has asked for. */
export interface PageWish {
  readonly size: number;
  readonly token: string;
  readonly binding: readonly string[];
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty: this is the last page. */
  readonly nextToken: string;
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

  /** A page of clones, newest first: ids rise with time, and lists go down. */
  async list({ sight, view, page }: ListOptions): Promise<Page<Clone>> {
    const binding = ['clones', ...page.binding];
    const before = decodePageToken(page.token, binding)?.[0];
    const limit = pageSize(page.size);
    const rows = await this.#db.query<ListedRow>(listOf(view, before !== undefined), [
      ownersIn(sight),
      limit + 1,
      PAGE_BYTES,
      ...(before === undefined ? [] : [before]),
    ]);

    const items = rows.slice(0, limit).map(toClone);
    const isFull = rows.length > limit || (rows.at(-1)?.bytes ?? 0) >= PAGE_BYTES;
    const last = isFull ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([last.id], binding) : '' };
  }

  /** A page of what has happened to a clone, oldest first. */
  async history(cloneId: string, page: PageWish): Promise<Page<HistoryRow>> {
    const binding = ['clone_history', ...page.binding];
    const after = BigInt(decodePageToken(page.token, binding, ['position'])?.[0] ?? 0);
    const limit = pageSize(page.size);
    const items = await readHistory(this.#db, { after, limit, aggregate: cloneId });

    const last = items.at(-1);
    const nextToken =
      last && isFullPage(items, limit) ? encodePageToken([String(last.position)], binding) : '';
    return { items, nextToken };
  }

  /** The history of all clones after a position. */
  async historyAfter(after: bigint, limit: number): Promise<readonly HistoryRow[]> {
    return readHistory(this.#db, { after, limit });
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

/** A page of clones ends with the one that reaches this: with it, it still fits into a message. */
const PAGE_BYTES = 1024 * 1024;

interface ListedRow extends CloneRow {
  /** What the page weighs up to this one. */
  readonly bytes: number;
}

interface KeptRow extends CloneRow {
  readonly now: Date;
}

function toKept(row: KeptRow): Kept {
  return { clone: toClone(row), hash: row.hash, now: row.now };
}

interface ClaimRow extends KeptRow {
  readonly claimed_at: Date | null;
  readonly error: string | null;
  readonly trace: string;
}

function toClaim(row: ClaimRow): Claim {
  return {
    ...toKept(row),
    ...(row.claimed_at && { claimedAt: row.claimed_at }),
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

const CLAIMS = `
  select ${CLONE_COLUMNS}, ramet_now() as now, p.claimed_at, w.error, w.trace
  from ${CLONE_WITH_EXECUTION}
  join work w on w.id = c.id
  left join execution_progress p on p.execution_id = e.id
  where c.id = any ($1)
  order by c.id`;

const VIEWS: Readonly<Record<View, string>> = {
  active: 'c.deleted_at is null',
  history: `c.phase in ('COMPLETED', 'STOPPED', 'FAILED', 'DELETED')`,
  all: 'true',
};

/** What a clone `p` of a page weighs: what its users and its workload have said. */
const OWN_BYTES =
  "octet_length(p.parameters::text || p.labels::text || coalesce(p.execution ->> 'report', ''))";

function listOf(view: View, isLaterPage: boolean): string {
  return `
    select * from (
      select p.*, ${OWN_BYTES} as own_bytes,
        sum(${OWN_BYTES}) over (order by p.id desc)::float8 as bytes
      from (
        select ${CLONE_COLUMNS}
        from ${CLONE_WITH_EXECUTION}
        where ($1::text[] is null or c.owner_id = any ($1)) and ${VIEWS[view]}
          ${isLaterPage ? 'and c.id < $4' : ''}
        order by c.id desc
        limit $2
      ) as p
    ) as weighed
    where bytes - own_bytes < $3
    order by id desc`;
}

/** The owners in sight, as a parameter: null for all. */
function ownersIn(sight: Sight): readonly string[] | null {
  return sight === 'all' ? null : sight;
}
