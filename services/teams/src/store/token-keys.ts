import type { Database } from '@ramet/database';
import type { PublicKey, PublishedKey } from '../credentials/token-signer.js';

/** The public keys of all replicas, in Postgres. */
export class TokenKeys {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Publishes the keys of this replica, and takes back those that it has no more.
   *
   * Returns what is published: its own first, then those of others who have told so lately.
   */
  async publish(
    own: readonly PublicKey[],
    gone: readonly string[],
  ): Promise<readonly PublishedKey[]> {
    const ids = own.map(({ id }) => id);
    const jwks = own.map(({ jwk }) => JSON.stringify(jwk));
    return this.#db.query<PublishedKey>(PUBLISH, [ids, jwks, gone]);
  }
}

/** A key that nobody had for an hour is as good as new: services may have forgotten it. */
const PUBLISH = `
  with clock as (
    select ramet_now() as now
  ), gone as (
    delete from token_key t using clock
    where not t.id = any($1)
      and (t.id = any($3) or t.seen_at < clock.now - interval '1 hour')
  ), own as (
    insert into token_key (id, jwk, published_at, seen_at)
    select each.id, each.jwk::jsonb, clock.now, clock.now
    from clock, unnest($1::text[], $2::text[]) as each (id, jwk)
    order by each.id
    on conflict (id) do update set
      published_at = case
        when token_key.seen_at < excluded.seen_at - interval '1 hour' then excluded.published_at
        else token_key.published_at
      end,
      seen_at = excluded.seen_at
    returning id, jwk, published_at
  ), published as (
    select id, jwk, published_at, true as is_own from own
    union all
    select t.id, t.jwk, t.published_at, false from token_key t, clock
    where not t.id = any($1) and not t.id = any($3) and t.seen_at > clock.now - interval '1 minute'
  )
  select p.id, p.jwk->>'alg' as algorithm, p.jwk,
    extract(epoch from clock.now - p.published_at)::float8 * 1000 as "ageMs"
  from published p, clock
  order by p.is_own desc, array_position($1::text[], p.id), p.id`;
