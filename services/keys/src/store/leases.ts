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
    g.revoke_reason as "revokeReason",
    case
      when g.revoked_at is not null then 'revoked'
      when g.disabled then 'disabled'
      when g.valid_from > ramet_now() then 'not_yet_valid'
      when g.valid_until <= ramet_now() then 'no_longer_valid'
      when g.expires_at <= ramet_now() then 'expired'
      when g.uses >= g.max_uses then 'used_up'
    end as verdict
  from key_grant as g
  where g.id in (select id from granted)`;
