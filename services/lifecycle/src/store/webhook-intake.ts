import { type Database, wakeWork } from '@ramet/database';
import type { Webhook } from '../domain/webhook.js';
import { toWebhook, WEBHOOK_COLUMNS, type WebhookRow } from './webhook-row.js';
import { WEBHOOK_WORK } from './webhooks.js';

/** A webhook that events may be for: those after a position. */
export interface Listening {
  readonly webhook: Webhook;
  readonly sincePosition: bigint;
}

/** An event to send to a webhook. */
export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly cloneId: string;
  readonly seq: number;
  readonly event: string;
}

/** One change of a clone, by its place in the clone's history. */
export interface Place {
  readonly aggregate: string;
  readonly seq: number;
}

/** Who listens, and what they are to be told: recorded in Postgres before anything is sent. */
export class WebhookIntake {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The webhooks of some owners that are told of events. */
  async listening(ownerIds: readonly string[]): Promise<readonly Listening[]> {
    const rows = await this.#db.query<WebhookRow>(LISTENING, [ownerIds]);
    return rows.map((row) => ({ webhook: toWebhook(row), sincePosition: row.since_position }));
  }

  /** Tells whether anybody listens at all. */
  async isHeard(): Promise<boolean> {
    const sql = 'select from webhook where deleted_at is null and not disabled limit 1';
    return (await this.#db.query(sql)).length > 0;
  }

  /** What stands in the history at some places. */
  async payloadsAt(
    places: readonly Place[],
  ): Promise<readonly (Place & { readonly payload: Buffer })[]> {
    if (places.length === 0) return [];
    const params = [places.map(({ aggregate }) => aggregate), places.map(({ seq }) => seq)];
    return this.#db.query(PAYLOADS, params);
  }

  /** Records what is to be sent. What was recorded before stays as it is. */
  async add(deliveries: readonly NewDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#db.transaction(async (tx) => {
      await tx.query(ADD, [
        deliveries.map(({ id }) => id),
        deliveries.map(({ webhookId }) => webhookId),
        deliveries.map(({ cloneId }) => cloneId),
        deliveries.map(({ seq }) => seq),
        deliveries.map(({ event }) => event),
      ]);
      const webhookIds = [...new Set(deliveries.map(({ webhookId }) => webhookId))];
      await wakeWork(tx, webhookIds, WEBHOOK_WORK);
    });
  }
}

const LISTENING = `
  select ${WEBHOOK_COLUMNS} from webhook w
  where w.owner_id = any ($1) and w.deleted_at is null and not w.disabled
  order by w.id`;

const PAYLOADS = `
  select h.aggregate, h.seq, h.payload
  from unnest($1::text[], $2::int[]) as p (aggregate, seq)
  join history h on h.aggregate = p.aggregate and h.seq = p.seq`;

/** Waits for whoever is deleting a webhook, and then has nothing more for it. */
const ADD = `
  insert into webhook_delivery (id, webhook_id, line, clone_id, seq, event, status, next_at,
                                give_up_at, created_at)
  select n.id, n.webhook_id, n.clone_id, n.clone_id, n.seq, n.event, 'PENDING', c.now,
    c.now + interval '24 hours', date_trunc('milliseconds', c.now)
  from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[])
         as n (id, webhook_id, clone_id, seq, event)
  join webhook w on w.id = n.webhook_id and w.deleted_at is null,
  (select ramet_now() as now) as c
  for share of w
  on conflict (id) do nothing`;
