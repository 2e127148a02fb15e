import { type Database, decodePageToken, encodePageToken, pageSize } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import { epochStale } from '../domain/epoch.js';
import { POLICY_DEFAULTS } from '../domain/policy.js';
import { MAX_RESULTS, type Result, resultsTooLarge, type Which } from '../domain/results.js';
import type { Page, PageWish } from './clone-list.js';

/** A result that is to be kept. */
export interface NewResult extends Pick<Result, 'kind' | 'sizeBytes' | 'sha256' | 'mediaType'> {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
  /** Below the output folder. Nothing for a log. */
  readonly name: string;
  /** The key of the blob that its bytes are put into. */
  readonly blob: string;
}

/** A result, with the key of its bytes. */
export type KeptResult = Result & { readonly blob: string };

/** A result that is kept now, and the blob that it took the place of. */
export interface Kept {
  readonly result: Result;
  /** The blob that nobody needs any more. */
  readonly unwanted?: string;
}

/** How long an upload may take before its blob is removed as one that nobody finishes. */
const PENDING_MS = 60 * 60_000;

/** What clones have left: which results there are, and which blobs hold their bytes. */
export class Results {
  readonly #db: Database;
  readonly #maxBytes: number;

  /** The results of a clone may take so many bytes. */
  constructor(db: Database, maxBytes: number) {
    this.#db = db;
    this.#maxBytes = maxBytes;
  }

  /**
   * Begins a result: its blob is known from here on. Returns the same result if it is there already.
   *
   * Throws EPOCH_STALE if the execution may leave nothing more, and RESULTS_TOO_LARGE.
   */
  async begin(wish: NewResult): Promise<Result | undefined> {
    const limits = [this.#maxBytes, MAX_RESULTS, PENDING_MS];
    const [row] = await this.#db.query<Answer>(BEGIN, [...paramsOf(wish), ...limits]);
    switch (row?.verdict) {
      case 'BEGUN':
        return undefined;
      case 'THERE':
        return toResult(row);
      case 'TOO_LARGE':
        throw resultsTooLarge(wish.cloneId, `its results may take ${this.#maxBytes} bytes`);
      case 'TOO_MANY':
        throw resultsTooLarge(wish.cloneId, `it may have ${MAX_RESULTS} results`);
      default:
        throw epochStale(wish.executionId, wish.epoch);
    }
  }

  /** Keeps a result whose bytes have been put. Throws EPOCH_STALE. */
  async keep(wish: NewResult): Promise<Kept> {
    const more = [wish.mediaType, POLICY_DEFAULTS.resultRetentionMs];
    const [row] = await this.#db.query<Answer>(KEEP, [...paramsOf(wish), ...more]);
    switch (row?.verdict) {
      case 'KEPT':
        return { result: toResult(row), ...(row.replaced && { unwanted: row.replaced }) };
      case 'THERE':
        return { result: toResult(row), unwanted: wish.blob };
      case 'LOST':
        throw new PublicError('unavailable', 'UPLOAD_EXPIRED', 'it took too long to arrive');
      default:
        throw epochStale(wish.executionId, wish.epoch);
    }
  }

  /** Has a blob removed unless a result has it. Tells whether none has, and none will. */
  async giveUp(blob: string): Promise<boolean> {
    return (await this.#db.query(GIVE_UP, [blob])).length > 0;
  }

  /** Takes note that blobs were removed that no result has. */
  async forget(blobs: readonly string[]): Promise<void> {
    await this.#db.query(FORGET, [blobs]);
  }

  /** A page of the results of a clone, by their index. */
  async list(cloneId: string, page: PageWish): Promise<Page<Result>> {
    const binding = ['results', ...page.binding];
    const after = decodePageToken(page.token, binding, ['position'])?.[0] ?? '-1';
    const limit = pageSize(page.size);
    const rows = await this.#db.query<ResultRow>(LIST, [cloneId, after, limit + 1]);
    const items = rows.slice(0, limit).map(toResult);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([String(last.index)], binding) : '' };
  }

  /** A result of a clone, by its index or its name. */
  async find(cloneId: string, which: Which): Promise<KeptResult | undefined> {
    const [sql, key] = 'index' in which ? [BY_INDEX, which.index] : [BY_NAME, which.name];
    const [row] = await this.#db.query<ResultRow>(sql, [cloneId, key]);
    return row && { ...toResult(row), blob: row.blob };
  }
}

interface ResultRow {
  readonly clone_id: string;
  readonly index: number;
  readonly name: string;
  readonly kind: Result['kind'];
  readonly stage: string;
  readonly execution_id: string;
  readonly size_bytes: bigint;
  readonly sha256: Buffer;
  readonly media_type: string;
  readonly blob: string;
  readonly created_at: Date;
  readonly expire_at: Date;
  readonly removed_at: Date | null;
}

interface Answer extends ResultRow {
  readonly verdict: 'BEGUN' | 'KEPT' | 'THERE' | 'STALE' | 'TOO_LARGE' | 'TOO_MANY' | 'LOST';
  readonly replaced?: string | null;
}

const BEGIN = `
  select b.verdict, (b.kept).* from begin_result($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) b`;

const KEEP = `
  select k.verdict, k.replaced, (k.kept).* from keep_result($1, $2, $3, $4, $5, $6, $7, $8, $9) k`;

const GIVE_UP = `
  update result_blob b set remove_at = least(b.remove_at, ramet_now())
  where b.key = $1 and b.remove_at is not null returning b.key`;

const FORGET = `
  delete from result_blob b where b.key = any ($1) and b.remove_at <= ramet_now()`;

const LIST = `
  select r.* from result r where r.clone_id = $1 and r.index > $2::bigint order by r.index limit $3`;

const BY_INDEX = 'select r.* from result r where r.clone_id = $1 and r.index = $2::bigint';

const BY_NAME = 'select r.* from result r where r.clone_id = $1 and r.name = $2';

function paramsOf(wish: NewResult): readonly unknown[] {
  const { executionId, epoch, kind, name, sizeBytes, sha256, blob } = wish;
  return [executionId, epoch, kind, name, sizeBytes, sha256, blob];
}

function toResult(row: ResultRow): Result {
  return {
    cloneId: row.clone_id,
    index: row.index,
    name: row.name,
    kind: row.kind,
    stage: row.stage,
    executionId: row.execution_id,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    mediaType: row.media_type,
    createdAt: row.created_at,
    expireAt: row.expire_at,
    ...(row.removed_at && { removedAt: row.removed_at }),
  };
}
