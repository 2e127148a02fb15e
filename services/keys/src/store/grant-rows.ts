import type { Grant, Operation } from '../domain/grant.js';

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
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly revoke_reason: string;
}

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
    createdAt: row.created_at,
    revokedAt: row.revoked_at ?? undefined,
    revokeReason: row.revoke_reason,
  };
}
