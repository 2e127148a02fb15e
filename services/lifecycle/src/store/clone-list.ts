import {
  afterKeySql,
  decodeOrderToken,
  encodeOrderToken,
  type Filter,
  type Fragment,
  filterSql,
  keySql,
  type Order,
  orderSql,
  pageSize,
  parseFilter,
  parseOrderBy,
  printFilter,
  type Queries,
} from '@ramet/database';
import type { Clone } from '../domain/clone.js';
import type { Sight } from '../domain/sight.js';
import { CLONE_FIELDS } from './clone-filter.js';
import { CLONE_COLUMNS, type CloneRow, toClone } from './clone-row.js';

/** Which clones a list has. */
export type View = 'active' | 'history' | 'all';

export interface ListOptions {
  readonly sight: Sight;
  readonly view: View;
  /** As callers write it: docs/filters.md. */
  readonly filter: string;
  readonly orderBy: string;
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

/** Reads a page of the clones in sight. Throws REQUEST_INVALID for what it does not understand. */
export async function readCloneList(db: Queries, options: ListOptions): Promise<Page<Clone>> {
  const { sight, view, page } = options;
  const filter = parseFilter(options.filter, CLONE_FIELDS);
  const order = parseOrderBy(options.orderBy, CLONE_FIELDS);
  const binding = ['clones', ...page.binding, printFilter(filter)];
  const after = decodeOrderToken(page.token, order, binding);
  const limit = pageSize(page.size);

  const narrowed = conditionOf({ view, filter, order, after });
  const { sql, params } = listSql(sight, narrowed, order);
  const rows = await db.query<ListedRow>(sql, [limit + 1, PAGE_BYTES, ...params]);

  const listed = rows.slice(0, limit);
  const isFull = rows.length > limit || (rows.at(-1)?.bytes ?? 0) >= PAGE_BYTES;
  const last = isFull ? listed.at(-1) : undefined;
  const nextToken = last ? encodeOrderToken(JSON.parse(last.key), order, binding) : '';
  return { items: listed.map(toClone), nextToken };
}

/** A page of clones ends with the one that reaches this: with it, it still fits into a message. */
const PAGE_BYTES = 1024 * 1024;

interface ListedRow extends CloneRow {
  /** What the page weighs up to this one. */
  readonly bytes: number;
  /** JSON that only the last row's is read of. */
  readonly key: string;
}

const VIEWS: Readonly<Record<View, string>> = {
  active: 'c.deleted_at is null',
  history: `c.phase in ('COMPLETED', 'STOPPED', 'FAILED', 'DELETED')`,
  all: 'true',
};

/** The limit, the bytes and the owners come before. */
const FIRST_PARAM = 4;

interface Narrowing {
  readonly view: View;
  readonly filter: Filter;
  readonly order: Order;
  readonly after: readonly (string | null)[] | undefined;
}

function conditionOf({ view, filter, order, after }: Narrowing): Fragment {
  const narrow = filterSql(filter, CLONE_FIELDS, FIRST_PARAM);
  const next = FIRST_PARAM + narrow.params.length;
  const behind = after ? afterKeySql(order, after, next) : { sql: 'true', params: [] };
  return {
    sql: `${VIEWS[view]} and ${narrow.sql} and ${behind.sql}`,
    params: [...narrow.params, ...behind.params],
  };
}

/** What a clone `c` of a page weighs: what its users and its workload have said. */
const OWN_BYTES =
  "octet_length(c.release::text || c.labels::text || coalesce(c.execution ->> 'report', ''))";

function listSql(sight: Sight, condition: Fragment, order: Order): Fragment {
  const source = sourceOf(sight, condition.sql, orderSql(order));
  const by = orderSql(order);
  const sql = `
    select c.* from (
      select c.*, to_json(${keySql(order)})::text as key,
        sum(${OWN_BYTES}) over (order by ${by})::float8 as bytes
      from (
        select ${CLONE_COLUMNS}
        from (${source.sql} order by ${by} limit $1) c
        left join execution e on e.clone_id = c.id and e.epoch = c.epoch
      ) c
    ) c
    where c.bytes - ${OWN_BYTES} < $2
    order by ${by}`;
  return { sql, params: [...source.params, ...condition.params] };
}

/**
 * The clones of the owners in sight, as many of each as fit on the page.
 *
 * Each owner's come from an index in the order of the list, so that a page costs the same however
 * many clones there are. One look at all owners at once would read and sort all of them; and where
 * the owner is a constant, the planner may go through everybody's clones for those of a large one.
 */
function sourceOf(sight: Sight, condition: string, by: string): Fragment {
  if (sight === 'all') {
    // A parameter that is not used still has to have a type.
    return {
      sql: `select c.* from clone c where $3::text is null and ${condition}`,
      params: [null],
    };
  }
  const sql = `
    select c.*
    from unnest($3::text[]) as owner (id)
    cross join lateral (
      select c.* from clone c
      where c.owner_id = owner.id and ${condition}
      order by ${by}
      limit $1
    ) c`;
  return { sql, params: [sight] };
}
