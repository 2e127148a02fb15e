import type { Queries } from '@ramet/database';

/**
 * A refresh token that has expired a day ago proves nothing more: until then it is told whose it was,
 * and that it was stolen. If it was the newest of its login, that is over. Who has a login locked
 * keeps it until the next time.
 */
const LOGINS = `
  with old as (
    select hash, login_id, used_at from refresh_token where expires_at < ramet_now() - interval '1 day'
    order by expires_at limit $1
    for update skip locked
  ), dead as (
    select id from login where id = any(array(select login_id from old where used_at is null))
    for update skip locked
  ), over as (
    delete from login where id = any(array(select id from dead)) returning id
  ), used as (
    delete from refresh_token where hash = any(array(select hash from old where used_at is not null))
    returning hash
  )
  select (select count(*) from over)::integer + (select count(*) from used)::integer as count`;

const IDENTITY_TOKENS = `
  with old as (
    select hash from used_identity_token where used_at < ramet_now() - interval '1 day'
    order by used_at limit $1
    for update skip locked
  ), gone as (
    delete from used_identity_token where hash = any(array(select hash from old)) returning hash
  )
  select count(*)::integer as count from gone`;

const ROWS = 5_000;

/** Removes the logins that are over, and of the others the tokens that are, some at a time. */
export async function forgetLogins(db: Queries): Promise<void> {
  await inParts(db, LOGINS);
}

/** Removes what tells that an ID token was used, once that has expired long ago. */
export async function forgetIdentityTokens(db: Queries): Promise<void> {
  await inParts(db, IDENTITY_TOKENS);
}

/** Runs a statement that removes some rows, and counts them, until there are no more. */
export async function inParts(db: Queries, sql: string): Promise<void> {
  for (let count = ROWS; count === ROWS; ) {
    const [row] = await db.query<{ readonly count: number }>(sql, [ROWS]);
    count = row?.count ?? 0;
  }
}
