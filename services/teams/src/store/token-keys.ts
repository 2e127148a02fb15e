import type { Database } from '@ramet/database';
import type { PublicKey, PublishedKey } from '../credentials/token-signer.js';

/** The public keys of all replicas, in Postgres. */
export class TokenKeys {
  readonly #db: Database;
  readonly #replica: string;

  /** Each replica has a name of its own, which no other and none of before has. */
  constructor(db: Database, replica: string) {
    this.#db = db;
    this.#replica = replica;
  }

  /**
   * Publishes the keys of this replica, and takes back those that it has no more. One that another
   * replica still has stays published, since when it was.
   *
   * Returns what is published: its own first, then those of others who have told so lately.
   */
  async publish(
    own: readonly PublicKey[],
    gone: readonly string[],
  ): Promise<readonly PublishedKey[]> {
    const ids = own.map(({ id }) => id);
    const jwks = own.map(({ jwk }) => JSON.stringify(jwk));
    return this.#db.query<PublishedKey>(PUBLISH, [ids, jwks, gone, this.#replica]);
  }
}

/** A key that nobody had for an hour is as good as new: services may have forgotten it. */
const PUBLISH = `
  with clock as (
    select ramet_now() as now
  ), left_over as (
    delete from token_key_holder h using clock
    where not (h.replica = $4 and h.key_id = any($1))
      and (h.replica = $4 or h.seen_at < clock.now - interval '1 hour')
  ), others as (
    select h.key_id, h.seen_at from token_key_holder h where h.replica <> $4
  ), gone as (
    delete from token_key t using clock
    where not t.id = any($1)
      and (t.seen_at < clock.now - interval '1 hour' or t.id = any($3)
        and not exists (
          select from others o
          where o.key_id = t.id and o.seen_at > clock.now - interval '1 minute'))
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
  ), held as (
    insert into token_key_holder (key_id, replica, seen_at)
    select own.id, $4, clock.now from own, clock
    on conflict (key_id, replica) do update set seen_at = excluded.seen_at
  ), published as (
    select id, jwk, published_at, true as is_own from own
    union all
    select t.id, t.jwk, t.published_at, false from token_key t, clock
    where not t.id = any($1) and exists (
      select from others o
      where o.key_id = t.id and o.seen_at > clock.now - interval '1 minute')
  )
  select p.id, p.jwk->>'alg' as algorithm, p.jwk,
    extract(epoch from clock.now - p.published_at)::float8 * 1000 as "ageMs"
  from published p, clock
  order by p.is_own desc, array_position($1::text[], p.id), p.id`;
