import {
  type Database,
  decodePageToken,
  encodePageToken,
  pageSize,
  type Tx,
  wakeWork,
} from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import type { WebhookDelivery, WebhookHealth } from '../domain/webhook.js';
import type { Page, PageWish } from './clone-list.js';
import { endPause, WEBHOOK_WORK } from './webhooks.js';

/** What users see and ask of deliveries. Whether they may is known before. */
export class WebhookDeliveries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A page of a webhook's deliveries, newest first. */
  async list(webhookId: string, page: PageWish): Promise<Page<WebhookDelivery>> {
    const binding = ['webhook_deliveries', ...page.binding];
    const [at = null, id = null] = decodePageToken(page.token, binding, ['time', 'id']) ?? [];
    const limit = pageSize(page.size);
    const rows = await this.#db.query<WebhookDelivery>(LIST, [webhookId, at, id, limit + 1]);
    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    const key = last && [last.createdAt.toISOString(), last.id];
    return { items, nextToken: key ? encodePageToken(key, binding) : '' };
  }

  /** Records a test event, due at once. */
  async ping(
    webhookId: string,
    id: string,
    eventAt: (now: Date) => string,
  ): Promise<WebhookDelivery> {
    return this.#db.transaction(async (tx) => {
      const now = await requireLive(tx, webhookId);
      await tx.query(PING, [id, webhookId, eventAt(now)]);
      await endPause(tx, webhookId);
      await wakeWork(tx, [webhookId], WEBHOOK_WORK);
      const [row] = await tx.query<WebhookDelivery>(ONE, [id, webhookId]);
      return row ?? noSuchDelivery(id);
    });
  }

  /** Has an event sent again, beside its line. Throws WEBHOOK_NOT_FOUND if it is not there. */
  async redeliver(webhookId: string, id: string): Promise<WebhookDelivery> {
    return this.#db.transaction(async (tx) => {
      await requireLive(tx, webhookId);
      await tx.query(AGAIN, [id, webhookId]);
      await endPause(tx, webhookId);
      await wakeWork(tx, [webhookId], WEBHOOK_WORK);
      const [row] = await tx.query<WebhookDelivery>(ONE, [id, webhookId]);
      return row ?? noSuchDelivery(id);
    });
  }

  /** How the deliveries of a webhook go. */
  async health(webhookId: string): Promise<WebhookHealth> {
    const [row] = await this.#db.query<WebhookHealth>(HEALTH, [webhookId]);
    return row ?? { failures: 0, pausedUntil: null, pending: 0 };
  }
}

/** Keeps a webhook from being deleted until the transaction ends. Throws WEBHOOK_NOT_FOUND. */
async function requireLive(tx: Tx, id: string): Promise<Date> {
  const sql = `
    select ramet_now() as now from webhook w
    where w.id = $1 and w.deleted_at is null for share of w`;
  const [row] = await tx.query<{ now: Date }>(sql, [id]);
  if (!row) throw notFound('webhook', id);
  return row.now;
}

function noSuchDelivery(id: string): never {
  const message = `the webhook has no such delivery: ${id}`;
  throw new PublicError('not_found', 'WEBHOOK_NOT_FOUND', message, {
    metadata: { delivery_id: id },
    resource: { kind: 'webhook_delivery', id },
  });
}

const COLUMNS = `
  d.id, d.webhook_id as "webhookId", d.event::json ->> 'type' as type, d.clone_id as "cloneId",
  d.seq, d.event::json -> 'data' ->> 'phase_after' as phase, d.status, d.attempts, d.code,
  d.problem, d.latency_ms as "latencyMs", d.created_at as "createdAt",
  d.attempted_at as "attemptedAt", d.next_at as "nextAt"`;

const ONE = `select ${COLUMNS} from webhook_delivery d where d.id = $1 and d.webhook_id = $2`;

const LIST = `
  select ${COLUMNS} from webhook_delivery d
  where d.webhook_id = $1 and ($2::timestamptz is null or (d.created_at, d.id) < ($2, $3))
  order by d.created_at desc, d.id desc
  limit $4`;

const PING = `
  insert into webhook_delivery (id, webhook_id, line, clone_id, seq, event, status, next_at,
                                give_up_at, created_at)
  select $1, $2, $1, '', 0, $3, 'PENDING', c.now, c.now + interval '24 hours',
    date_trunc('milliseconds', c.now)
  from (select ramet_now() as now) as c`;

/** One that waits keeps its place in its line: only the wait is cut short. */
const AGAIN = `
  update webhook_delivery d
  set next_at = c.now,
    line = case when d.status = 'PENDING' then d.line else d.id end,
    attempts = case when d.status = 'PENDING' then d.attempts else 0 end,
    give_up_at = case when d.status = 'PENDING' then d.give_up_at
                      else c.now + interval '24 hours' end,
    status = 'PENDING', ended_at = null
  from (select ramet_now() as now) as c
  where d.id = $1 and d.webhook_id = $2`;

const HEALTH = `
  select coalesce(k.failures, 0) as failures,
    case when k.paused_until > ramet_now() then k.paused_until end as "pausedUntil",
    (select count(*)::int from (
      select from webhook_delivery d where d.webhook_id = w.id and d.status = 'PENDING'
      limit 10000) as waiting) as pending
  from webhook w left join webhook_work k on k.id = w.id
  where w.id = $1`;
