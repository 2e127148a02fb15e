import type { Queries, Session, Tx } from '@ramet/database';
import { inParts } from './forgetting.js';

/** Something whose tokens are not accepted any more. */
export interface Revoked {
  /** The id of a token, of what tokens are made of, or of a user. */
  readonly subject: string;
  /** Of a user: the version that tokens must at least have. Absent: none is accepted. */
  readonly minVersion?: number;
}

/** Where the replicas of teams hear of revocations. */
export const REVOCATION_CHANNEL = 'ramet_revocation';

const REVOKE = `
  with head as (
    update revocation_head set seq = seq + cardinality($1::text[]) returning seq
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

/** A revocation as it stands in the log. */
export interface RevocationRow {
  readonly seq: bigint;
  readonly subject: string;
  /** Of a user: the version that tokens must at least have. Zero: none is accepted. */
  readonly minVersion: number;
  readonly at: Date;
}

const READ = `
  select h.seq as head, r.seq, r.subject, coalesce(r.min_version, 0) as "minVersion", r.at
  from revocation_head h
    left join revocation r on r.seq > $1 and r.at > ramet_now() - interval '2 hours'
  order by r.seq`;

/** Reads what was revoked after a place in the log, and where the log ends. */
export async function readRevocations(
  session: Pick<Session, 'query'>,
  after: bigint,
): Promise<{ readonly seq: bigint; readonly rows: readonly RevocationRow[] }> {
  const found = await session.query<RevocationRow & { head: bigint }>(READ, [after]);
  const rows = found.filter(({ subject }) => subject !== null);
  return { seq: found[0]?.head ?? after, rows };
}

const FORGET = `
  with old as (
    select seq from revocation where at < ramet_now() - interval '1 day'
    order by at limit $1
    for update skip locked
  ), gone as (
    delete from revocation where seq in (select seq from old) returning seq
  )
  select count(*)::integer as count from gone`;

/** Removes the revocations that are over, some at a time. */
export async function forgetRevocations(db: Queries): Promise<void> {
  await inParts(db, FORGET);
}

const IS_REVOKED = `
  select exists (
    select from revocation
    where subject = any($1) and min_version is null or subject = $2 and min_version > $3) as revoked`;

/** Tells whether a token was revoked, by what it says of itself. */
export async function isRevoked(db: Queries, facts: TokenFacts): Promise<boolean> {
  const { id, tokenId, credentialIds = [], version = 0 } = facts;
  const subjects = [id, tokenId, ...credentialIds];
  const [row] = await db.query<{ revoked: boolean }>(IS_REVOKED, [subjects, id, version]);
  return row?.revoked ?? true;
}

/** Tells whether what tokens are made of was revoked for good, within the last day. */
export async function wasRevoked(db: Queries, subject: string): Promise<boolean> {
  const sql =
    'select true as was from revocation where subject = $1 and min_version is null limit 1';
  return (await db.query(sql, [subject])).length > 0;
}

/** What a user's token says of itself. */
interface TokenFacts {
  /** The user. */
  readonly id: string;
  readonly version?: number;
  readonly tokenId: string;
  readonly credentialIds?: readonly string[];
}
