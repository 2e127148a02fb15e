import {
  claimRequestId,
  type Database,
  decodePageToken,
  encodePageToken,
  findRequestId,
  pageSize,
  type RequestId,
  type Tx,
  violates,
  wakeWork,
} from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Sight } from '../domain/sight.js';
import {
  changeWebhook,
  MAX_SECRETS,
  MAX_WEBHOOKS,
  requireWebhookEtag,
  tooManyWebhooks,
  type Webhook,
  type WebhookChange,
  webhookNameTaken,
} from '../domain/webhook.js';
import type { Page, PageWish } from './clone-list.js';
import { toWebhook, WEBHOOK_COLUMNS, type WebhookRow } from './webhook-row.js';

/** A webhook to create. Its times come from the database. */
export type NewWebhook = Pick<
  Webhook,
  'id' | 'owner' | 'name' | 'url' | 'filter' | 'disabled' | 'creatorId'
>;

/** A change of a webhook, and who makes it. */
export interface WebhookEdit {
  readonly id: string;
  readonly sight: Sight;
  readonly actor: string;
}

/** What a request made or found: the webhook, and whether this request did it. */
export interface Made {
  readonly webhook: Webhook;
  readonly isFresh: boolean;
}

/** For this long a secret that was replaced signs beside the new one. */
const OVERLAP = `interval '24 hours'`;

/** The table of what notifiers have to do. */
export const WEBHOOK_WORK = 'webhook_work';

/** The webhooks, in Postgres. What is out of sight is not there. */
export class Webhooks {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Throws WEBHOOK_NOT_FOUND. A deleted webhook is still there. */
  async get(id: string, sight: Sight): Promise<Webhook> {
    return toWebhook(await find(this.#db, id, sight));
  }

  /** Throws WEBHOOK_NOT_FOUND for a deleted one too. */
  async getLive(id: string, sight: Sight): Promise<Webhook> {
    const webhook = await this.get(id, sight);
    if (webhook.deletedAt) throw notFound('webhook', id);
    return webhook;
  }

  /** A page of the webhooks that are not deleted, newest first. */
  async list(sight: Sight, page: PageWish): Promise<Page<Webhook>> {
    const binding = ['webhooks', ...page.binding];
    const before = decodePageToken(page.token, binding)?.[0] ?? null;
    const limit = pageSize(page.size);
    const owners = sight === 'all' ? null : sight;
    const rows = await this.#db.query<WebhookRow>(LIST, [owners, before, limit + 1]);
    const items = rows.slice(0, limit).map(toWebhook);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([last.id], binding) : '' };
  }

  /**
   * Creates a webhook with its first secret, or returns the one that the same request has created.
   *
   * Throws NAME_TAKEN, QUOTA_EXCEEDED and REQUEST_ID_REUSED.
   */
  async create(wish: NewWebhook, sealed: Buffer, request: RequestId): Promise<Made> {
    try {
      return await this.#db.transaction((tx) => create(tx, wish, sealed, request));
    } catch (thrown) {
      if (violates(thrown, 'webhook_name')) throw webhookNameTaken(wish.owner.id, wish.name);
      throw thrown;
    }
  }

  /** The webhook as `create` would make it. Throws NAME_TAKEN and QUOTA_EXCEEDED if it would. */
  async rehearse(wish: NewWebhook): Promise<Webhook> {
    const [row] = await this.#db.query<Room>(ROOM, [wish.owner.id, wish.name]);
    requireRoom(wish, row);
    const at = row?.now ?? failed();
    return { ...wish, createdAt: at, updatedAt: at, revision: 1 };
  }

  /** Changes a webhook, and has the notifier look at it. Throws what `changeWebhook` does. */
  async update(
    { id, sight, actor }: WebhookEdit,
    { etag, change }: { readonly etag: string; readonly change: WebhookChange },
  ): Promise<Webhook> {
    let ownerId = '';
    try {
      return await this.#db.transaction(async (tx) => {
        const row = await lock(tx, id, sight);
        ownerId = row.owner_id;
        const before = toWebhook(row);
        const next = changeWebhook(before, { etag, change, now: row.now });
        await tx.query(UPDATE, [id, next.name, next.url, ...filterOf(next), next.disabled, actor]);
        if (next.url !== before.url || (before.disabled && !next.disabled)) await endPause(tx, id);
        await wakeWork(tx, [id], WEBHOOK_WORK);
        return toWebhook(await find(tx, id, sight));
      });
    } catch (thrown) {
      if (violates(thrown, 'webhook_name')) throw webhookNameTaken(ownerId, change.name ?? '');
      throw thrown;
    }
  }

  /** Adds a secret; those before it sign for a day longer. Throws REQUEST_ID_REUSED. */
  async rotate(
    { id, sight, actor }: WebhookEdit,
    sealed: Buffer,
    request: RequestId,
  ): Promise<Made> {
    return this.#db.transaction(async (tx) => {
      await lock(tx, id, sight);
      const claimed = await claimRequestId(tx, { ...request, resourceId: id });
      if (claimed === 'new') {
        await tx.query(RETIRE, [id]);
        await tx.query(ADD_SECRET, [id, sealed]);
        await tx.query(FORGET, [id, MAX_SECRETS]);
        await tx.query(TOUCH, [id, actor]);
      }
      return { webhook: toWebhook(await find(tx, id, sight)), isFresh: claimed === 'new' };
    });
  }

  /** Deletes a webhook with its secrets and all that waits. Throws ETAG_STALE. */
  async delete({ id, sight, actor }: WebhookEdit, etag: string): Promise<Webhook> {
    return this.#db.transaction(async (tx) => {
      const [row] = await tx.query<WebhookRow>(`${FIND} for update`, [id, ownersIn(sight)]);
      if (!row) throw notFound('webhook', id);
      if (row.deleted_at) return toWebhook(row);
      requireWebhookEtag(toWebhook(row), etag);
      await tx.query(DELETE, [id, actor]);
      await tx.query('delete from webhook_secret where webhook_id = $1', [id]);
      await tx.query(DROP_ALL, [id]);
      return toWebhook(await find(tx, id, sight));
    });
  }

  /** The webhook of an earlier request of this id, if there was one. Throws REQUEST_ID_REUSED. */
  async findRepeated(request: RequestId): Promise<Webhook | undefined> {
    const repeated = await findRequestId(this.#db, request);
    return repeated && this.get(repeated.resourceId, 'all');
  }
}

type Queries = Pick<Tx, 'query'>;

async function find(db: Queries, id: string, sight: Sight): Promise<WebhookRow> {
  const [row] = await db.query<WebhookRow>(FIND, [id, ownersIn(sight)]);
  if (!row) throw notFound('webhook', id);
  return row;
}

/** Locks a webhook that is not deleted. Throws WEBHOOK_NOT_FOUND. */
async function lock(
  tx: Tx,
  id: string,
  sight: Sight,
): Promise<WebhookRow & { readonly now: Date }> {
  const [row] = await tx.query<WebhookRow & { now: Date }>(LOCK, [id, ownersIn(sight)]);
  if (!row) throw notFound('webhook', id);
  return row;
}

async function create(tx: Tx, wish: NewWebhook, sealed: Buffer, request: RequestId): Promise<Made> {
  const claimed = await claimRequestId(tx, { ...request, resourceId: wish.id });
  if (claimed !== 'new') {
    return { webhook: toWebhook(await find(tx, claimed.resourceId, 'all')), isFresh: false };
  }
  // Counted one after the other, so that two at once cannot both be the last.
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', [`webhook ${wish.owner.id}`]);
  const [room] = await tx.query<Room>(ROOM, [wish.owner.id, wish.name]);
  requireRoom(wish, room);
  const { id, owner, name, url, disabled, creatorId } = wish;
  const fields = [id, owner.id, name, url, ...filterOf(wish), disabled, creatorId, request.caller];
  await tx.query(INSERT, fields);
  await tx.query(ADD_SECRET, [id, sealed]);
  return { webhook: toWebhook(await find(tx, id, 'all')), isFresh: true };
}

/** What an owner has already. */
interface Room {
  readonly count: number;
  readonly isTaken: boolean;
  readonly now: Date;
}

function requireRoom({ owner, name }: NewWebhook, room: Room | undefined): void {
  if (room?.isTaken) throw webhookNameTaken(owner.id, name);
  if ((room?.count ?? 0) >= MAX_WEBHOOKS) throw tooManyWebhooks(owner.id);
}

function filterOf({ filter }: Pick<Webhook, 'filter'>): readonly unknown[] {
  return [filter.kinds, filter.phases, JSON.stringify(filter.labels)];
}

/** Ends a pause: the next attempt tells whether the receiver is there again. */
export async function endPause(tx: Queries, id: string): Promise<void> {
  const sql = `update webhook_work set paused_until = '-infinity' where id = $1`;
  await tx.query(sql, [id]);
}

/** The owners in sight, as a parameter: null for all. */
function ownersIn(sight: Sight): readonly string[] | null {
  return sight === 'all' ? null : sight;
}

function failed(): never {
  throw new Error('the database did not answer');
}

const IN_SIGHT = '($2::text[] is null or w.owner_id = any ($2))';

const FIND = `select ${WEBHOOK_COLUMNS} from webhook w where w.id = $1 and ${IN_SIGHT}`;

const LOCK = `
  select ${WEBHOOK_COLUMNS}, greatest(ramet_now(), w.updated_at) as now from webhook w
  where w.id = $1 and ${IN_SIGHT} and w.deleted_at is null
  for update of w`;

const LIST = `
  select ${WEBHOOK_COLUMNS} from webhook w
  where ($1::text[] is null or w.owner_id = any ($1)) and w.deleted_at is null
    and ($2::text is null or w.id < $2)
  order by w.id desc
  limit $3`;

const ROOM = `
  select count(w.id)::int as count, coalesce(bool_or(w.name = $2), false) as "isTaken",
    ramet_now() as now
  from webhook w
  where w.owner_id = $1 and w.deleted_at is null`;

const INSERT = `
  insert into webhook (id, owner_id, name, url, kinds, phases, labels, disabled, creator_id,
                       updated_by, since_position, created_at, updated_at, revision)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, s.position, c.now, c.now, 1
  from sequencer s, (select ramet_now() as now) as c`;

const UPDATE = `
  update webhook
  set name = $2, url = $3, kinds = $4, phases = $5, labels = $6, disabled = $7, updated_by = $8,
    updated_at = greatest(ramet_now(), updated_at), revision = revision + 1
  where id = $1`;

const TOUCH = `
  update webhook
  set updated_by = $2, updated_at = greatest(ramet_now(), updated_at), revision = revision + 1
  where id = $1`;

const DELETE = `
  update webhook
  set updated_by = $2, deleted_at = ramet_now(), updated_at = greatest(ramet_now(), updated_at),
    revision = revision + 1
  where id = $1`;

const ADD_SECRET = `
  insert into webhook_secret (webhook_id, nth, sealed)
  select $1, coalesce(max(s.nth), 0) + 1, $2 from webhook_secret s where s.webhook_id = $1`;

const RETIRE = `
  update webhook_secret set ends_at = ramet_now() + ${OVERLAP}
  where webhook_id = $1 and ends_at is null`;

/** Destroys what signs no longer: what has ended, and what is too many. */
const FORGET = `
  delete from webhook_secret s
  where s.webhook_id = $1 and (s.ends_at <= ramet_now() or s.nth <= (
    select max(newest.nth) from webhook_secret newest where newest.webhook_id = $1) - $2)`;

const DROP_ALL = `
  update webhook_delivery set status = 'DROPPED', next_at = null, ended_at = ramet_now()
  where webhook_id = $1 and status = 'PENDING'`;
