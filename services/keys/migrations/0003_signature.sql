-- An accepted signature. A signature exists only if its row was committed under a live grant. The
-- payload is not kept, only its keyed digest. No foreign keys: each would be a lock per row.
create table signature (
  position    bigint      generated always as identity,
  key_id      text        not null,
  grant_id    text        not null,
  request_id  text        not null,
  scheme      text        not null,
  digest      bytea       not null check (length(digest) = 32),
  accepted_at timestamptz not null,
  trace_id    text        not null,
  primary key (key_id, position),
  constraint signature_once unique (grant_id, request_id)
);

-- A refusal to sign, or many of a kind within a second. Kept for the owner of the key to look at;
-- bounded, so that nobody can fill the disk with refusals.
create table denial (
  id           bigint      generated always as identity primary key,
  key_id       text        not null,
  clone_id     text        not null,
  execution_id text        not null,
  reason       text        not null,
  count        bigint      not null check (count > 0),
  trace_id     text        not null,
  at           timestamptz not null
);

create index denial_key on denial (key_id, id desc);

-- Accepts a batch of requests to sign: adds a row to the log for each that a live grant allows.
--
-- Each statement has a snapshot of its own. The first one locks the grants, in order of id, and
-- waits for whoever is changing them; the second one sees what they have become. One statement
-- alone would decide on what it saw before it waited.
--
-- The advisory lock of the batch stays with the session until the answers are out. It is taken
-- before the grants are, so that whoever revokes a grant afterwards finds it. `p_done` are the
-- batches of this session whose answers are out.
--
-- What was decided comes in the order of the requests: verdicts, and times of acceptance in
-- milliseconds since 1970, each as a list with commas. One row is read faster than many.
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
  p_trace     text[]
) returns table (verdicts text, times text)
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
    select asked.*, g.key_id, g.max_uses, g.uses, s.accepted_at as seen_at,
      case
        when g.id is null then 'unknown'
        when g.revoked_at is not null then 'revoked'
        when g.expires_at <= moment then 'expired'
        when s.digest = asked.digest then 'seen'
        when s.digest is not null then 'reused'
        when asked.operation <> all (g.operations) then 'not_granted'
      end as refusal
    from unnest(p_grant, p_request, p_operation, p_scheme, p_digest, p_trace) with ordinality
           as asked (grant_id, request_id, operation, scheme, digest, trace_id, nth)
    left join key_grant as g on g.id = asked.grant_id and g.id = any (locked)
    left join signature as s on s.grant_id = asked.grant_id and s.request_id = asked.request_id
  ), placed as (
    select judged.*,
      count(*) filter (where refusal is null) over (partition by grant_id order by nth) as place
    from judged
  ), decided as materialized (
    select placed.*,
      date_trunc('milliseconds', coalesce(seen_at, moment)) as accepted_at,
      coalesce(refusal, case when uses + place > max_uses then 'used_up' else 'accepted' end)
        as decision
    from placed
  ), counted as (
    update key_grant as g set uses = g.uses + taken.count
    from (
      select grant_id, count(*) as count from decided
      where decision = 'accepted' and max_uses is not null
      group by grant_id
    ) as taken
    where g.id = taken.grant_id
  ), logged as (
    insert into signature (key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id)
    select key_id, grant_id, request_id, scheme, digest, accepted_at, trace_id
    from decided where decision = 'accepted' order by nth
  )
  select string_agg(decision, ',' order by nth),
         string_agg((extract(epoch from accepted_at) * 1000)::bigint::text, ',' order by nth)
  from decided;
end
$$;
