import type { Database } from '@ramet/database';

/** How long things are kept. */
export interface RetentionTimes {
  /** Clones that are deleted, before only a tombstone is left of them. */
  readonly tombstoneMs: number;
}

/** What repeated requests are known by is kept for so long, and for as long as what they made. */
const REQUEST_IDS_MS = 7 * 24 * 60 * 60_000;
const LEASE_MS = 60_000;
const ROWS = 500;
const BLOBS = 100;
const CLONES = 20;

/**
 * What is too old to be kept, by the database's clock.
 *
 * Every replica may ask for it at once: what one has, others pass over. Each call does a bounded
 * part, and tells how much that was.
 */
export class Retention {
  readonly #db: Database;
  readonly #times: RetentionTimes;

  constructor(db: Database, times: RetentionTimes) {
    this.#db = db;
    this.#times = times;
  }

  /** Takes note of results that have expired. */
  async expireResults(): Promise<number> {
    return this.#count('select expire_results($1) as count', [ROWS]);
  }

  /** Removes results of clones that are deleted. */
  async removeDoomedResults(): Promise<number> {
    return this.#count('select remove_doomed_results($1) as count', [ROWS]);
  }

  /** Blobs that nobody needs, for the caller to remove. Nobody else gets them for a minute. */
  async unwantedBlobs(): Promise<readonly string[]> {
    const rows = await this.#db.query<{ key: string }>(CLAIM_UNWANTED, [BLOBS, LEASE_MS]);
    return rows.map(({ key }) => key);
  }

  /** Those of these blobs that nothing speaks of. */
  async unknownBlobs(keys: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#db.query<{ key: string }>(UNKNOWN, [keys]);
    return rows.map(({ key }) => key);
  }

  /** Leaves only tombstones of clones that were deleted long ago. */
  async pruneClones(): Promise<number> {
    const { tombstoneMs } = this.#times;
    return this.#count('select prune_clones($1, $2) as count', [tombstoneMs, CLONES]);
  }

  /** Forgets old request ids of what is not there any more, all there are. */
  async forgetRequestIds(signal: AbortSignal): Promise<number> {
    let place: RequestIdPlace | undefined = { at: '-infinity', caller: '', request: '', gone: 0 };
    let count = 0;
    while (place && !signal.aborted) {
      const { at, caller, request } = place;
      const params: readonly unknown[] = [REQUEST_IDS_MS, at, caller, request, ROWS];
      [place] = await this.#db.query<RequestIdPlace>(FORGET_REQUEST_IDS, params);
      count += place?.gone ?? 0;
    }
    return count;
  }

  /** Takes the turn at something that one replica does for all, so often. */
  async takeTurn(name: string, everyMs: number): Promise<boolean> {
    return (await this.#db.query(TAKE_TURN, [name, everyMs])).length > 0;
  }

  async #count(sql: string, params: readonly unknown[]): Promise<number> {
    const [row] = await this.#db.query<{ count: number }>(sql, params);
    return row?.count ?? 0;
  }
}

interface RequestIdPlace {
  /** As text: a Date has no microseconds. */
  readonly at: string;
  readonly caller: string;
  readonly request: string;
  readonly gone: number;
}

const CLAIM_UNWANTED = `
  update result_blob b set leased_until = ramet_now() + $2 * interval '1 millisecond'
  where b.key in (
    select u.key from result_blob u
    where u.remove_at <= ramet_now() and u.leased_until <= ramet_now()
    order by u.remove_at limit $1 for update skip locked)
  returning b.key`;

const UNKNOWN = `
  select k.key from unnest($1::text[]) as k (key)
  where not exists (select from result_blob b where b.key = k.key)`;

const FORGET_REQUEST_IDS = `
  select f.at::text as at, f.caller, f.request_id as request, f.gone::int as gone
  from forget_request_ids($1, $2::timestamptz, $3, $4, $5) f`;

const TAKE_TURN = `
  insert into sweep as s (name, due_at)
  values ($1, ramet_now() + $2 * interval '1 millisecond')
  on conflict (name) do update set due_at = excluded.due_at where s.due_at <= ramet_now()
  returning 1 as taken`;
