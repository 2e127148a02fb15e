-- Accepts a batch of requests to sign: adds a row to the log for each that a live grant allows.
--
-- Each statement has a snapshot of its own. The first one locks the grants, in order of id, and
-- waits for whoever is changing them; the second one sees what they have become. One statement
-- alone would decide on what it saw before it waited. It reads no row but the seal, the grants and the
-- log. While the service is sealed nothing is accepted: a replica may not know of it yet.
--
-- The advisory lock of the batch stays with the session until the answers are out. It is taken
-- before the grants are, so that whoever revokes a grant afterwards finds it. `p_done` are the
-- batches of this session whose answers are out.
--
-- Uses and rate both let the first so many of a batch pass. A nonce is the time in microseconds, or
-- one more than the last one of the key: the grants of a key hand it on, and one of them is live.
--
-- Each request comes with the version of the key that would sign it. Another one signs by now:
-- 'outdated', for whoever asks to open that one and ask again. What was accepted for a version that
-- has retired since is signed by none: 'retired'.
--
-- What was decided comes in the order of the requests, each as a list with commas: verdicts; times
-- of acceptance in milliseconds since 1970; nonces; milliseconds to wait of what came too fast. One
-- row is read faster than many.
--
-- The plan must not depend on how full the tables were when it was made: it is always that of many
-- rows, by index.
create or replace function accept_signatures(
  p_batch     integer,
  p_done      integer[],
  p_grant     text[],
  p_request   text[],
  p_operation text[],
  p_scheme    text[],
  p_digest    bytea[],
  p_trace     text[],
  p_nonce     boolean[],
  p_version   integer[]
) returns table (verdicts text, times text, nonces text, waits text)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
#variable_conflict use_column
declare
  locked text[];
  moment timestamptz;
begin
  perform pg_advisory_unlock_shared(7320001, done) from unnest(p_done) as done;
  perform pg_advisory_lock_shared(7320001, p_batch);

  select array_agg(id) into locked
  from (
    select id from key_grant where id = any (p_grant) order by id for no key update
  ) as live;
  moment := ramet_now();

  return query
  with judged as (
    select asked.*, g.key_id, g.max_uses, g.uses, g.rate_per_second,
      least(g.rate_burst,
            g.tokens + g.rate_per_second * greatest(0, extract(epoch from moment - g.tokens_at)))
        as tokens,
      greatest((extract(epoch from moment) * 1000000)::bigint, g.nonce + 1) as next_nonce,
      s.accepted_at as seen_at, s.nonce as seen_nonce,
      case
        when coalesce((select sealed from seal where id = 'keys'), true) then 'sealed'
        when g.id is null then 'unknown'
        when g.revoked_at is not null then 'revoked'
        when g.disabled then 'disabled'
        when g.valid_from > moment then 'not_yet_valid'
        when g.valid_until <= moment then 'no_longer_valid'
        when g.expires_at <= moment then 'expired'
        when g.lease_until <= moment then 'lease_expired'
        when asked.version <> v.version then 'outdated'
        when s.digest = asked.digest and s.key_version <> v.version then 'retired'
        when s.digest = asked.digest then 'seen'
        when s.digest is not null then 'reused'
        when asked.operation <> all (g.operations) then 'not_granted'
      end as refusal
    from unnest(p_grant, p_request, p_operation, p_scheme, p_digest, p_trace, p_nonce, p_version)
           with ordinality
           as asked (grant_id, request_id, operation, scheme, digest, trace_id, wants_nonce, version,
                     nth)
    left join key_grant as g on g.id = asked.grant_id and g.id = any (locked)
    cross join lateral (
      select case when g.version_until <= moment then g.next_version else g.key_version end as version
    ) as v
    left join signature as s on s.grant_id = asked.grant_id and s.request_id = asked.request_id
  ), placed as (
    select judged.*,
      count(*) filter (where refusal is null) over so_far as place,
      count(*) filter (where refusal is null and wants_nonce) over so_far as nonce_place
    from judged
    window so_far as (partition by grant_id order by nth)
  ), decided as (
    select placed.*,
      date_trunc('milliseconds', coalesce(seen_at, moment)) as accepted_at,
      coalesce(refusal, case
        when uses + place > max_uses then 'used_up'
        when place > floor(tokens) then 'too_fast'
        else 'accepted'
      end) as decision
    from placed
  ), numbered as materialized (
    select decided.*,
      case
        when not wants_nonce then null
        when decision = 'accepted' then next_nonce + nonce_place - 1
        when decision = 'seen' then seen_nonce
      end as nonce,
      case
        when decision = 'too_fast' then ceil((place - tokens) / rate_per_second * 1000)::bigint
      end as wait
    from decided
  ), counted as (
    update key_grant as g
    set uses = case when g.max_uses is null then g.uses else g.uses + taken.count end,
        tokens = coalesce(taken.tokens - taken.count, g.tokens),
        tokens_at = case when g.tokens_at is null then null else moment end,
        nonce = coalesce(taken.nonce, g.nonce)
    from (
      select grant_id, count(*) as count, min(tokens) as tokens, max(nonce) as nonce
      from numbered
      where decision = 'accepted'
        and (max_uses is not null or rate_per_second is not null or wants_nonce)
      group by grant_id
    ) as taken
    where g.id = taken.grant_id
  ), logged as (
    insert into signature (key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id, nonce,
                           key_version)
    select key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id, nonce, version
    from numbered where decision = 'accepted' order by nth
  )
  select string_agg(decision, ',' order by nth),
         string_agg((extract(epoch from accepted_at) * 1000)::bigint::text, ',' order by nth),
         string_agg(coalesce(nonce::text, ''), ',' order by nth),
         string_agg(coalesce(wait::text, ''), ',' order by nth)
  from numbered;
end
$$;
