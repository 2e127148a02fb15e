import type { Database } from '@ramet/database';
import { type GrantedExecution, LEASE_MS } from '../domain/grant.js';
import type { StopVerdict } from '../domain/stopped.js';

/** The grant of an execution, after its lease was renewed if it is live. */
export interface Lease {
  readonly executionId: string;
  readonly keyId: string;
  readonly grantId: string;
  /** Why it may not be signed with now. Null: it may. */
  readonly verdict: StopVerdict | null;
  readonly revokeReason: string;
  /** Since when or until when that is so. Null: it may be signed with, or it was signed too often. */
  readonly at: Date | null;
  /** Who has revoked the grant or disabled the key. Null: nobody, or the history does not say. */
  readonly by: string | null;
  /** When it ends by itself, if that is soon and it may be signed with. */
  readonly endsAt: Date | null;
}

/** Until when grants live without being renewed. */
export class Leases {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Renews the leases of the live grants of executions. Returns all their grants. */
  renew(executions: readonly GrantedExecution[]): Promise<readonly Lease[]> {
    return this.#db.query<Lease>(RENEW, [
      executions.map(({ executionId }) => executionId),
      executions.map(({ epoch }) => epoch),
      LEASE_MS,
    ]);
  }
}

/** Grants are locked in order of id, as by whoever signs. No history: a lease is a heartbeat. */
const RENEW = `
  with granted as (
    select g.id
    from unnest($1::text[], $2::integer[]) as e (execution_id, epoch)
    join key_grant as g on g.execution_id = e.execution_id and g.epoch = e.epoch
  ), live as (
    select g.id from key_grant as g
    where g.id in (select id from granted) and g.revoked_at is null
    order by g.id for no key update
  ), renewed as (
    update key_grant set lease_until = ramet_now() + $3 * interval '1 millisecond'
    where id in (select id from live)
  )
  select g.execution_id as "executionId", g.key_id as "keyId", g.id as "grantId",
    g.revoke_reason as "revokeReason", v.verdict,
    case v.verdict
      when 'revoked' then g.revoked_at
      when 'disabled' then (select disabled_at from key where key.id = g.key_id)
      when 'not_yet_valid' then g.valid_from
      when 'no_longer_valid' then g.valid_until
      when 'expired' then g.expires_at
    end as at,
    case v.verdict
      when 'revoked' then (
        select h.actor from history as h
        where h.aggregate = g.key_id and h.kind = 'key.grant_revoked' and h.at >= g.revoked_at
        order by h.seq limit 1)
      when 'disabled' then (
        select h.actor from history as h
        where h.aggregate = g.key_id and h.kind = 'key.disabled'
        order by h.seq desc limit 1)
    end as by,
    case when v.verdict is null
        and g.expires_at <= ramet_now() + least(interval '3 days', (g.expires_at - g.created_at) / 10)
      then g.expires_at
    end as "endsAt"
  from key_grant as g
  cross join lateral (
    select case
      when g.revoked_at is not null then 'revoked'
      when g.disabled then 'disabled'
      when g.valid_from > ramet_now() then 'not_yet_valid'
      when g.valid_until <= ramet_now() then 'no_longer_valid'
      when g.expires_at <= ramet_now() then 'expired'
      when g.uses >= g.max_uses then 'used_up'
    end as verdict
  ) as v
  where g.id in (select id from granted)`;
