import type { Database } from '@ramet/database';
import type { CloneKind, Owner } from '../domain/clone.js';
import type { Holds, Resource } from '../domain/quota.js';
import { ownerOf } from './clone-row.js';
import { quotaExceeded } from './refusals.js';

/** A limit, and what is used of it. */
export interface Quota {
  readonly kind: CloneKind;
  readonly resource: string;
  /** Absent: there is none. */
  readonly limit: bigint | undefined;
  readonly used: bigint;
  /** Whether the limit is the owner's own, and not the default. */
  readonly isOwn: boolean;
}

/** A limit to set. */
export interface QuotaChange {
  /** Absent: the default of all owners. */
  readonly ownerId: string | undefined;
  readonly kind: CloneKind;
  readonly resource: string;
  /** Absent: it is cleared. */
  readonly limit: number | undefined;
  readonly reason: string;
  readonly actor: string;
}

/** A balance that does not agree with what it sums up. */
export interface Mismatch {
  readonly owner: Owner;
  readonly kind: CloneKind;
  readonly resource: string;
  readonly balance: bigint;
  readonly ledger: bigint;
  readonly held: bigint;
}

/** What owners may have and have. Written with the clones; limits are set and read here. */
export class Quotas {
  readonly #db: Database;
  readonly #cloneQuota: number;

  constructor(db: Database, cloneQuota: number) {
    this.#db = db;
    this.#cloneQuota = cloneQuota;
  }

  /** The quotas of an owner as they would be with a clone. Throws QUOTA_EXCEEDED without room. */
  async rehearse(ownerId: string, kind: CloneKind, holds: Holds): Promise<readonly Quota[]> {
    const quotas = (await this.list(ownerId)).filter((quota) => quota.kind === kind);
    return quotas.map((quota) => {
      const used = quota.used + BigInt(holds[quota.resource as Resource]);
      const isOver = quota.limit !== undefined && used > quota.limit && used > quota.used;
      if (isOver) throw quotaExceeded(ownerId, quota.resource);
      return { ...quota, used };
    });
  }

  /** All quotas of an owner: of each kind and resource. */
  async list(ownerId: string): Promise<readonly Quota[]> {
    const rows = await this.#db.query<QuotaRow>(LIST, [ownerId, this.#cloneQuota]);
    return rows.map(toQuota);
  }

  /** Sets or clears a limit. What there is already stays, even if it is more. */
  async set({ ownerId, ...change }: QuotaChange): Promise<Quota> {
    const { kind, resource, limit = null, reason, actor } = change;
    await this.#db.transaction(async (tx) => {
      const sql = ownerId === undefined ? SET_DEFAULT[limit === null ? 'clear' : 'set'] : SET_OWN;
      const whose = ownerId === undefined ? [] : [ownerId];
      const params = ownerId === undefined && limit === null ? [] : [limit];
      await tx.query(sql, [kind, resource, ...params, ...whose]);
      await tx.query(NOTE, [ownerId ?? '', kind, resource, limit, reason, actor]);
    });
    const quotas = await this.list(ownerId ?? '');
    const found = quotas.find((quota) => quota.kind === kind && quota.resource === resource);
    if (!found) throw new Error(`there is no quota of ${kind} ${resource}`);
    return found;
  }

  /**
   * Notes whether nothing may be created for an owner. Waits for creations that are on their way, and
   * none that comes later is let through.
   */
  async setDenied(ownerId: string, isDenied: boolean): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const kinds = ['BOT', 'WORKFLOW', 'ENVIRONMENT', 'INSTANCE'];
      await tx.query('select lock_quotas($1, $2)', [kinds.map(() => ownerId), kinds]);
      const sql = 'update quota set denied = $2 where owner_id = $1 and denied <> $2';
      await tx.query(sql, [ownerId, isDenied]);
    });
  }

  /** Compares all balances with the sums of their ledgers, and with what clones hold. */
  async check(): Promise<{ readonly checked: number; readonly mismatches: readonly Mismatch[] }> {
    return this.#db.transaction(
      async (tx) => {
        const [count] = await tx.query<{ checked: number }>(COUNT);
        const rows = await tx.query<MismatchRow>(CHECK);
        const mismatches = rows.map(({ owner_id: id, ...row }) => ({ ...row, owner: ownerOf(id) }));
        return { checked: count?.checked ?? 0, mismatches };
      },
      { isolation: 'REPEATABLE READ' },
    );
  }
}

interface QuotaRow {
  readonly kind: CloneKind;
  readonly resource: string;
  readonly max: bigint | null;
  readonly used: bigint;
  readonly is_own: boolean;
}

function toQuota({ kind, resource, max, used, is_own: isOwn }: QuotaRow): Quota {
  return { kind, resource, limit: max ?? undefined, used, isOwn };
}

interface MismatchRow extends Omit<Mismatch, 'owner'> {
  readonly owner_id: string;
}

const LIST = `
  select k.kind, r.resource, coalesce(q.used, 0) as used, q.own_limit is not null as is_own,
    coalesce(q.own_limit, d.max, case when r.resource = 'clones' then $2::bigint end) as max
  from unnest(array['BOT', 'WORKFLOW', 'ENVIRONMENT', 'INSTANCE']) with ordinality as k (kind, n)
  cross join unnest(array['clones', 'cpu_millis', 'memory_bytes', 'storage_bytes'])
    with ordinality as r (resource, n)
  left join quota q on q.owner_id = $1 and q.kind = k.kind and q.resource = r.resource
  left join quota_default d on d.kind = k.kind and d.resource = r.resource
  order by k.n, r.n`;

const SET_OWN = `
  insert into quota (kind, resource, own_limit, owner_id, used) values ($1, $2, $3, $4, 0)
  on conflict (owner_id, kind, resource) do update set own_limit = excluded.own_limit`;

const SET_DEFAULT = {
  set: `
    insert into quota_default (kind, resource, max) values ($1, $2, $3)
    on conflict (kind, resource) do update set max = excluded.max`,
  clear: 'delete from quota_default where kind = $1 and resource = $2',
};

const NOTE = `
  insert into quota_change (owner_id, kind, resource, max, reason, actor, at)
  values ($1, $2, $3, $4, $5, $6, ramet_now())`;

const COUNT = 'select count(*)::int as checked from quota';

const CHECK = `
  with held as (
    select c.owner_id, c.kind, h.key as resource, sum(h.value::bigint)::bigint as held
    from clone c cross join lateral jsonb_each_text(c.holds) as h (key, value)
    group by c.owner_id, c.kind, h.key
  ), entered as (
    select e.owner_id, e.kind, e.resource, sum(e.change)::bigint as ledger
    from quota_entry e
    group by e.owner_id, e.kind, e.resource
  )
  select owner_id, kind, resource, coalesce(q.used, 0) as balance,
    coalesce(e.ledger, 0) as ledger, coalesce(h.held, 0) as held
  from quota q
  full join entered e using (owner_id, kind, resource)
  full join held h using (owner_id, kind, resource)
  where coalesce(q.used, 0) <> coalesce(e.ledger, 0) or coalesce(e.ledger, 0) <> coalesce(h.held, 0)
  order by owner_id, kind, resource
  limit 100`;
