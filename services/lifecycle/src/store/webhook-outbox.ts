import {
  type Claimed,
  claimDue,
  type Database,
  finishAll,
  giveBack,
  StaleLease,
} from '@ramet/database';
import type { AfterFailure, WebhookCircuit } from '../domain/webhook-retry.js';
import { WEBHOOK_WORK } from './webhooks.js';

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

const LEASE_MS = 15_000;
const SWEEP_ROWS = 1_000;

/** What is to be sent, in Postgres: committed before anything is, and after it was. */
export class WebhookOutbox {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Claims webhooks that have something to send. */
  async claim(limit: number): Promise<readonly Claimed[]> {
    return claimDue(this.#db, { table: WEBHOOK_WORK, limit, leaseMs: LEASE_MS });
  }

  /** Ends the work on a webhook for now. Null: nothing of it waits. */
  async finish({ id, leaseSeq }: Claimed, dueInMs: number | null): Promise<void> {
    await finishAll(this.#db, [{ id, leaseSeq, dueInMs }], WEBHOOK_WORK);
  }

  /** Prolongs the lease. Throws StaleLease if it was lost. */
  async renew({ id, leaseSeq }: Claimed): Promise<void> {
    const renewed = await this.#db.query(RENEW, [id, leaseSeq, LEASE_MS]);
    if (renewed.length === 0) throw new StaleLease(id);
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

/** One that was woken meanwhile stays due. */
const RENEW = `
  update webhook_work k
  set leased_until = l.until, due_at = case when k.due_at = k.leased_until then l.until else k.due_at end
  from (select ramet_now() + $3 * interval '1 millisecond' as until) as l
  where k.id = $1 and k.lease_seq = $2
  returning k.id`;

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
