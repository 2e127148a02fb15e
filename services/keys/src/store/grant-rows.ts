import type { Tx } from '@ramet/database';
import type { Creator } from '../domain/creator.js';
import type { Grant, Operation } from '../domain/grant.js';
import type { Key } from '../domain/key.js';
import type { Rules } from '../domain/limits.js';

/** A row of `key_grant`. */
export interface GrantRow {
  readonly id: string;
  readonly key_id: string;
  readonly clone_id: string;
  readonly execution_id: string;
  readonly epoch: number;
  readonly operations: Operation[];
  readonly max_uses: bigint | null;
  readonly uses: bigint;
  readonly expires_at: Date;
  readonly lease_until: Date;
  readonly rate_per_second: number | null;
  readonly rate_burst: number | null;
  readonly rules: Rules;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly revoke_reason: string;
}

/** Adds a grant. It goes on from the last nonce of the key: what could give another one is revoked. */
export async function insertGrant(
  tx: Tx,
  grant: Grant,
  key: Key,
  { creatorId, teamId, forTeam }: Creator,
): Promise<void> {
  await tx.query(INSERT, [
    grant.id,
    grant.keyId,
    key.version,
    grant.cloneId,
    grant.executionId,
    grant.epoch,
    grant.operations,
    grant.maxUses,
    grant.expiresAt,
    grant.leaseUntil,
    grant.createdAt,
    creatorId,
    teamId,
    forTeam,
    grant.rate?.perSecond,
    grant.rate?.burst,
    grant.rules,
    key.validFrom,
    key.validUntil,
  ]);
}

/** A new grant may use all of its burst. */
const INSERT = `
  insert into key_grant (id, key_id, key_version, clone_id, execution_id, epoch, operations,
                         max_uses, uses, expires_at, lease_until, created_at, revoke_reason,
                         creator_id, team_id, for_team, rate_per_second, rate_burst, tokens,
                         tokens_at, rules, valid_from, valid_until, nonce, from_position)
  values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, '', $12, $13, $14, $15, $16,
          coalesce($16::double precision, 0),
          case when $16::double precision is not null then $11::timestamptz end, $17::jsonb, $18, $19,
          coalesce((select max(last_nonce) from key_grant where key_id = $2 and last_nonce > 0), 0),
          coalesce(pg_sequence_last_value('signature_position_seq'), 0))`;

/** A row as the domain knows it. */
export function toGrant(row: GrantRow): Grant {
  return {
    id: row.id,
    keyId: row.key_id,
    cloneId: row.clone_id,
    executionId: row.execution_id,
    epoch: row.epoch,
    operations: row.operations,
    maxUses: row.max_uses ?? undefined,
    uses: row.uses,
    expiresAt: row.expires_at,
    leaseUntil: row.lease_until,
    rate: rateOf(row),
    rules: row.rules,
    createdAt: row.created_at,
    revokedAt: row.revoked_at ?? undefined,
    revokeReason: row.revoke_reason,
  };
}

function rateOf({ rate_per_second: perSecond, rate_burst: burst }: GrantRow): Grant['rate'] {
  return perSecond === null || burst === null ? undefined : { perSecond, burst };
}
