import {
  type Claimed,
  claimDue,
  type Database,
  finishAll,
  giveBack,
  wakeWork,
} from '@ramet/database';
import type { Webhook } from '../domain/webhook.js';
import type { AfterFailure, WebhookCircuit } from '../domain/webhook-retry.js';
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

/** The next event of a line: what to send, where to, and what to sign it with. */
export interface Head {
  readonly id: string;
  readonly line: string;
  readonly event: string;
  readonly attempts: number;
  /** How many of its clone were dropped since one arrived. */
  readonly missed: number;
  readonly url: string;
  /** The secrets that are good, the newest first. */
  readonly sealed: readonly Buffer[];
  readonly now: Date;
}

/** What came of one attempt. */
export interface Attempt {
  readonly code: number;
  readonly problem: string;
  readonly latencyMs: number;
}

/** A webhook as a notifier finds it. */
export interface Standing {
  readonly circuit: WebhookCircuit;
  readonly pausedMs: number;
}

/** One change of a clone, by its place in the clone's history. */
export interface Place {
  readonly aggregate: string;
  readonly seq: number;
}

const LEASE_MS = 30_000;
const SWEEP_ROWS = 1_000;

/** What is to be sent, in Postgres: committed before anything is, and after it was. */
export class WebhookOutbox {
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

  /** Claims webhooks that have something to send. */
  async claim(limit: number): Promise<readonly Claimed[]> {
    return claimDue(this.#db, { table: WEBHOOK_WORK, limit, leaseMs: LEASE_MS });
  }

  /** Ends the work on a webhook for now. Null: nothing of it waits. */
  async finish({ id, leaseSeq }: Claimed, dueInMs: number | null): Promise<void> {
    await finishAll(this.#db, [{ id, leaseSeq, dueInMs }], WEBHOOK_WORK);
  }

  async giveBack(claimed: readonly Claimed[]): Promise<void> {
    await giveBack(this.#db, claimed, WEBHOOK_WORK);
  }

  /** Gives up what has waited for too long, and tells how the webhook stands. */
  async begin(id: string): Promise<Standing> {
    await this.#db.query(GIVE_UP, [id]);
    const [row] = await this.#db.query<WebhookCircuit & Standing>(STANDING, [id]);
    if (!row) throw new Error(`nobody works on ${id}`);
    const { pausedMs, ...circuit } = row;
    return { circuit, pausedMs };
  }

  /** The events that may be sent, of lines that are not under way. */
  async heads(id: string, busy: readonly string[], limit: number): Promise<readonly Head[]> {
    return this.#db.query(HEADS, [id, busy, limit]);
  }

  /** When the next event may be sent, from now; null if none waits. */
  async nextDueMs(id: string): Promise<number | null> {
    const [row] = await this.#db.query<{ ms: number | null }>(NEXT_DUE, [id]);
    return row?.ms ?? null;
  }

  /**
   * Records that the receiver has taken an event.
   *
   * If it had been failing, all that waits is due at once: it is back.
   */
  async delivered(webhookId: string, { id }: Head, attempt: Attempt): Promise<void> {
    const { code, latencyMs } = attempt;
    const params = [id, code, latencyMs, webhookId];
    const recovered = await this.#db.query<{ pauses: number }>(DELIVERED, params);
    if (recovered.some(({ pauses }) => pauses > 0)) await this.#db.query(ALL_DUE, [webhookId]);
  }

  /** Records that an attempt has failed, and what follows for the webhook as `decide` says. */
  async failed(
    webhookId: string,
    { id, retryMs, ...attempt }: Attempt & { readonly id: string; readonly retryMs: number },
    decide: (circuit: WebhookCircuit) => AfterFailure,
  ): Promise<AfterFailure> {
    const { code, problem, latencyMs } = attempt;
    return this.#db.transaction(async (tx) => {
      await tx.query(FAILED, [id, code, problem, latencyMs, retryMs]);
      const [row] = await tx.query<WebhookCircuit>(`${STANDING} for update`, [webhookId]);
      if (!row) throw new Error(`nobody works on ${webhookId}`);
      const next = decide(row);
      const { failures, failedLine, pauses, pauseMs } = next;
      await tx.query(OPEN, [webhookId, failures, failedLine, pauses, pauseMs]);
      return next;
    });
  }

  /** Forgets deliveries that ended a week ago. Returns how many; more may be left. */
  async sweep(): Promise<number> {
    const rows = await this.#db.query(SWEEP, [SWEEP_ROWS]);
    return rows.length;
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

const GIVE_UP = `
  update webhook_delivery set status = 'DROPPED', next_at = null, ended_at = ramet_now()
  where webhook_id = $1 and status = 'PENDING' and give_up_at <= ramet_now()`;

const STANDING = `
  select k.failures, k.failed_line as "failedLine", k.pauses,
    k.paused_until > ramet_now() as "isPaused",
    case when k.paused_until > ramet_now()
      then extract(epoch from k.paused_until - ramet_now())::float8 * 1000 else 0 end as "pausedMs"
  from webhook_work k where k.id = $1`;

/**
 * The first event of each line: one probe of the index per line, however many events wait. A
 * webhook that is disabled sends only what was asked for by hand.
 */
const LINES = `
  with recursive head as (
    (select d.* from webhook_delivery d
     where d.webhook_id = $1 and d.status = 'PENDING' order by d.line, d.seq limit 1)
    union all
    select next.* from head, lateral (
      select d.* from webhook_delivery d
      where d.webhook_id = $1 and d.status = 'PENDING' and d.line > head.line
      order by d.line, d.seq limit 1) as next
  ), ready as (
    select head.*, w.url from head
    join webhook w on w.id = head.webhook_id
    where w.deleted_at is null and (not w.disabled or head.line = head.id)
  )`;

const MISSED = `
  (select count(*)::int from webhook_delivery b
   where b.webhook_id = r.webhook_id and b.clone_id = r.clone_id and r.clone_id <> ''
     and b.status = 'DROPPED' and b.seq < r.seq
     and b.seq > coalesce((
       select max(a.seq) from webhook_delivery a
       where a.webhook_id = r.webhook_id and a.clone_id = r.clone_id
         and a.status = 'DELIVERED' and a.seq < r.seq), 0))`;

const HEADS = `
  ${LINES}
  select r.id, r.line, r.event, r.attempts, r.url, c.now, ${MISSED} as missed,
    array(select s.sealed from webhook_secret s
          where s.webhook_id = r.webhook_id and (s.ends_at is null or s.ends_at > c.now)
          order by s.nth desc) as sealed
  from ready r, (select ramet_now() as now) as c
  where r.next_at <= c.now and not (r.line = any ($2))
  order by r.next_at, r.id
  limit $3`;

const NEXT_DUE = `
  ${LINES}
  select extract(epoch from greatest(min(r.next_at) - ramet_now(), interval '0'))::float8 * 1000
    as ms
  from ready r`;

/** In one statement: the usual case has nothing to recover from. */
const DELIVERED = `
  with done as (
    update webhook_delivery
    set status = 'DELIVERED', next_at = null, ended_at = ramet_now(), attempted_at = ramet_now(),
      attempts = attempts + 1, code = $2, problem = '', latency_ms = $3
    where id = $1 and status = 'PENDING'
  ), was as (
    select id, pauses from webhook_work where id = $4 and failures > 0 for update
  )
  update webhook_work k
  set failures = 0, failed_line = '', pauses = 0, paused_until = '-infinity'
  from was where k.id = was.id
  returning was.pauses`;

const ALL_DUE = `
  update webhook_delivery set next_at = ramet_now()
  where webhook_id = $1 and status = 'PENDING' and next_at > ramet_now()`;

const FAILED = `
  update webhook_delivery d
  set status = case when d.give_up_at <= c.now then 'DROPPED' else 'PENDING' end,
    next_at = case when d.give_up_at > c.now then c.now + $5 * interval '1 millisecond' end,
    ended_at = case when d.give_up_at <= c.now then c.now end,
    attempted_at = c.now, attempts = d.attempts + 1, code = $2, problem = $3, latency_ms = $4
  from (select ramet_now() as now) as c
  where d.id = $1 and d.status = 'PENDING'`;

const OPEN = `
  update webhook_work
  set failures = $2, failed_line = $3, pauses = $4,
    paused_until = case when $5::float8 > 0 then ramet_now() + $5 * interval '1 millisecond'
                        else paused_until end
  where id = $1`;

const SWEEP = `
  delete from webhook_delivery
  where id in (
    select id from webhook_delivery where ended_at < ramet_now() - interval '7 days'
    order by ended_at limit $1 for update skip locked)
  returning 1 as gone`;
