-- Which version of its key a grant signs with: `key_version`, from `version_until` on `next_version`.
-- They are written when the key changes, so that signing reads no other row.
alter table key_grant
  add column next_version  integer     check (next_version > key_version),
  add column version_until timestamptz,
  add constraint key_grant_next_version check ((next_version is null) = (version_until is null));

update key_grant as g
set next_version = k.version, version_until = v.retire_at
from key as k, key_version as v
where g.revoked_at is null and k.id = g.key_id and v.key_id = g.key_id
  and v.version = g.key_version and v.retire_at is not null;

-- The version of the key that has signed. Null for signatures from before it was noted.
alter table signature add column key_version integer check (key_version > 0);

drop function accept_signatures(integer, integer[], text[], text[], text[], text[], bytea[], text[],
                                boolean[]);

-- Accepts a batch of requests to sign: adds a row to the log for each that a live grant allows.
--
-- Each statement has a snapshot of its own. The first one locks the grants, in order of id, and
-- waits for whoever is changing them; the second one sees what they have become. One statement
-- alone would decide on what it saw before it waited. It reads no row but the grants and the log.
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
create function accept_signatures(
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

-- Whoever seals waits for the replicas that are named here: also after a crash of the server.
alter table replica set logged;

-- What a grant leaves when it is revoked: the last nonce that it gave, and between which positions its
-- signatures are. Signing writes none of them, so that they cost it nothing.
alter table key_grant
  add column last_nonce    bigint,
  add column from_position bigint not null default 0,
  add column to_position   bigint;

update key_grant set last_nonce = nonce where revoked_at is not null and nonce > 0;

-- The last nonce of a key, for its next grant.
create index key_grant_last_nonce on key_grant (key_id, last_nonce) where last_nonce is not null;

-- What a clone has had of a key, by epoch.
create index key_grant_of_clone on key_grant (key_id, clone_id, epoch);

-- How many secrets a KEK has sealed.
create index key_version_kek on key_version (kek_id) where destroyed_at is null;

-- The connections that batches run on. Each holds an advisory lock of its number as long as it is
-- there: one that has none is lost, and so are the locks of its batches, whose answers may be in flight.
create table lane (
  number  integer     generated always as identity primary key,
  lost_at timestamptz
);

-- Enters this connection.
create function open_lane() returns integer
language plpgsql
as $$
declare
  given integer;
begin
  insert into lane default values returning number into given;
  perform pg_advisory_lock(7320003, given);
  return given;
end
$$;

-- What may still be answered: batches that hold their locks, and lanes that were lost less than
-- `p_grace` ago. Those that are known to be over are forgotten. Lanes are read before locks are: one
-- that is entered meanwhile is not taken for lost.
create function in_flight(p_grace interval) returns setof text
language plpgsql
as $$
declare
  known   integer[];
  lost    integer[];
  batches text[];
begin
  known := array(select number from lane);
  select coalesce(array_agg(objid::bigint::integer) filter (where classid = 7320003), '{}'),
         coalesce(array_agg('batch/' || pid || '/' || objid) filter (where classid = 7320001), '{}')
  into lost, batches
  from pg_locks
  where locktype = 'advisory' and classid in (7320001, 7320003) and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database());
  lost := array(select number from unnest(known) as number where number <> all (lost));
  if cardinality(lost) > 0 then
    update lane set lost_at = ramet_now() where number = any (lost) and lost_at is null;
    delete from lane where number = any (lost) and lost_at <= ramet_now() - p_grace;
  end if;
  return query
  select unnest(batches)
  union all
  select 'lane/' || number from lane where number = any (lost);
end
$$;
