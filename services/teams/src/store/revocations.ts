import type { Tx } from '@ramet/database';

/** Something whose tokens are not accepted any more. */
export interface Revoked {
  /** The id of a token, of what tokens are made of, or of a user. */
  readonly subject: string;
  /** Of a user: the version that tokens must at least have. Absent: none is accepted. */
  readonly minVersion?: number;
}

/** Where the replicas of teams hear of revocations. */
const REVOCATION_CHANNEL = 'ramet_revocation';

const REVOKE = `
  with head as (
    update revocation_head set seq = seq + cardinality($1::text[]) returning seq
  ), old as (
    delete from revocation where at < ramet_now() - interval '1 day'
  ), added as (
    insert into revocation (seq, subject, min_version, at)
    select head.seq - cardinality($1::text[]) + each.place, each.subject, each.min_version, ramet_now()
    from head, unnest($1::text[], $2::integer[])
      with ordinality as each (subject, min_version, place)
    returning seq
  )
  select pg_notify('${REVOCATION_CHANNEL}', max(seq)::text) from added`;

/**
 * Revokes tokens everywhere, in the transaction of what ends them.
 *
 * Holds all other revocations up until that commits: last in it, if it can be.
 */
export async function revokeTokens(tx: Tx, revoked: readonly Revoked[]): Promise<void> {
  if (revoked.length === 0) return;
  const versions = revoked.map(({ minVersion }) => minVersion ?? null);
  await tx.query(REVOKE, [revoked.map(({ subject }) => subject), versions]);
}
