-- What clones leave, what stays of clones that are gone for long, and how old things are forgotten.

-- How many results a clone has had, and how much they take. Locked by whoever changes its results,
-- after the clone and before them.
create table result_head (
  clone_id   text    primary key,
  next_index integer not null default 0 check (next_index >= 0),
  size_bytes bigint  not null default 0 check (size_bytes >= 0),
  -- Whether the clone is deleted, so that its results are to be removed.
  is_doomed  boolean not null default false
) with (fillfactor = 50);

create index result_head_doomed on result_head (clone_id) where is_doomed;

-- Something that a clone's workload left.
create table result (
  clone_id     text        not null,
  -- Dense in the clone, from 0.
  index        integer     not null check (index >= 0),
  name         text        collate "C" not null,
  kind         text        not null constraint result_kind check (kind in ('OUTPUT', 'LOG')),
  stage        text        not null,
  execution_id text        not null,
  epoch        integer     not null check (epoch > 0),
  size_bytes   bigint      not null check (size_bytes >= 0),
  sha256       bytea       not null check (length(sha256) = 32),
  media_type   text        not null,
  -- The key of its bytes.
  blob         text        not null,
  created_at   timestamptz not null,
  expire_at    timestamptz not null,
  removed_at   timestamptz,
  primary key (clone_id, index),
  constraint result_name unique (clone_id, name)
);

create index result_expiry on result (expire_at) where removed_at is null;

-- Every blob that may be in the store: committed before its bytes are put, removed after they are.
create table result_blob (
  key          text        primary key check (key ~ '^results/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$'),
  clone_id     text        not null,
  -- The result that it is put for.
  name         text        not null,
  size_bytes   bigint      not null check (size_bytes >= 0),
  -- When it is removed, unless a result takes it before. Null: a result has it.
  remove_at    timestamptz,
  -- Until then a sweeper is removing it.
  leased_until timestamptz not null default '-infinity'
);

create index result_blob_unwanted on result_blob (remove_at) where remove_at is not null;
create index result_blob_of_clone on result_blob (clone_id) where remove_at is not null;

-- A clone that is deleted has no results. Removing them is a sweeper's work, not the deletion's.
create function doom_results() returns trigger
language plpgsql
as $$
begin
  update result_head h set is_doomed = true where h.clone_id = new.id;
  return null;
end
$$;

create trigger clone_dooms_results after update of phase on clone
  for each row when (new.phase = 'DELETED' and old.phase <> 'DELETED')
  execute function doom_results();

-- The clone and the stage that an execution may still leave something for. Its clone is locked: it
-- is not deleted meanwhile. Nothing if the execution was superseded, or the clone is being deleted.
create function results_place(p_execution text, p_epoch integer)
returns table (clone_id text, stage text, retention_ms float8)
language sql
as $$
  select c.id, e.stage, (c.policy ->> 'resultRetentionMs')::float8
  from execution e
  join clone c on c.id = e.clone_id
  where e.id = p_execution and e.epoch = p_epoch
    and (e.epoch = c.epoch or e.epoch >= c.run_epoch)
    and c.phase not in ('DELETING', 'CLEANUP_FAILED', 'DELETED')
  for share of c
$$;

-- The name of a result in its clone.
create function result_name(p_stage text, p_epoch integer, p_kind text, p_name text) returns text
language sql immutable
as $$
  select p_stage || '/' || case when p_kind = 'LOG' then p_epoch || '.log' else p_name end
$$;

-- Begins a result: names the blob that its bytes are put into.
--
-- Answers `THERE` with the result that is there already, `STALE` if the execution may leave nothing
-- more, `TOO_LARGE` and `TOO_MANY` if the clone has no room for it, `BEGUN`. What others are just
-- putting counts, but not what is put for the same name: one takes the place of the other.
create function begin_result(
  p_execution   text,
  p_epoch       integer,
  p_kind        text,
  p_name        text,
  p_size        bigint,
  p_sha256      bytea,
  p_blob        text,
  p_max_bytes   bigint,
  p_max_results integer,
  p_pending_ms  float8
) returns table (verdict text, kept result)
language plpgsql
as $$
declare
  v_place record;
  v_name  text;
  v_head  result_head;
  v_old   result;
  v_taken bigint;
  v_now   timestamptz;
begin
  select p.* into v_place from results_place(p_execution, p_epoch) p;
  if not found then
    return query select 'STALE', null::result;
    return;
  end if;
  v_name := result_name(v_place.stage, p_epoch, p_kind, p_name);

  insert into result_head (clone_id) values (v_place.clone_id) on conflict do nothing;
  select h.* into v_head from result_head h where h.clone_id = v_place.clone_id for update;
  v_now := ramet_now();
  select r.* into v_old from result r where r.clone_id = v_place.clone_id and r.name = v_name;
  if v_old.epoch > p_epoch then
    return query select 'STALE', null::result;
    return;
  elsif v_old.removed_at is null and v_old.sha256 = p_sha256 and v_old.size_bytes = p_size then
    return query select 'THERE', v_old;
    return;
  elsif v_old.index is null and v_head.next_index >= p_max_results then
    return query select 'TOO_MANY', null::result;
    return;
  end if;

  v_taken := v_head.size_bytes
    - case when v_old.removed_at is null then coalesce(v_old.size_bytes, 0) else 0 end
    + coalesce((
        select sum(b.size_bytes) from result_blob b
        where b.clone_id = v_place.clone_id and b.remove_at > v_now and b.name <> v_name
      ), 0);
  if v_taken + p_size > p_max_bytes then
    return query select 'TOO_LARGE', null::result;
    return;
  end if;

  insert into result_blob (key, clone_id, name, size_bytes, remove_at)
  values (p_blob, v_place.clone_id, v_name, p_size, v_now + p_pending_ms * interval '1 millisecond');
  return query select 'BEGUN', null::result;
end
$$;

-- Keeps a result whose bytes have been put, in place of one of the same name.
--
-- Answers `KEPT`, `THERE` if another upload has left the same meanwhile, `STALE` as before, and
-- `LOST` if it has come so late that the blob is being removed. Unless it is kept, the blob is
-- removed by whoever comes to it.
create function keep_result(
  p_execution  text,
  p_epoch      integer,
  p_kind       text,
  p_name       text,
  p_size       bigint,
  p_sha256     bytea,
  p_blob       text,
  p_media_type text,
  p_default_ms float8
) returns table (verdict text, kept result, replaced text)
language plpgsql
as $$
declare
  v_place record;
  v_name  text;
  v_head  result_head;
  v_old   result;
  v_new   result;
  v_now   timestamptz;
begin
  select p.* into v_place from results_place(p_execution, p_epoch) p;
  if not found then
    return query select 'STALE', null::result, null::text;
    return;
  end if;
  v_name := result_name(v_place.stage, p_epoch, p_kind, p_name);

  select h.* into v_head from result_head h where h.clone_id = v_place.clone_id for update;
  -- Told as it is decided: on the wire there are no microseconds.
  v_now := date_trunc('milliseconds', ramet_now());
  select r.* into v_old from result r where r.clone_id = v_place.clone_id and r.name = v_name;
  if v_old.epoch > p_epoch then
    return query select 'STALE', null::result, null::text;
    return;
  elsif v_old.removed_at is null and v_old.sha256 = p_sha256 and v_old.size_bytes = p_size then
    return query select 'THERE', v_old, null::text;
    return;
  end if;

  -- A sweeper that was faster has leased it.
  update result_blob b set remove_at = null
  where b.key = p_blob and b.remove_at > ramet_now() and b.leased_until = '-infinity';
  if not found then
    return query select 'LOST', null::result, null::text;
    return;
  end if;

  v_new := row(v_place.clone_id, coalesce(v_old.index, v_head.next_index), v_name, p_kind,
               v_place.stage, p_execution, p_epoch, p_size, p_sha256, p_media_type, p_blob, v_now,
               v_now + coalesce(v_place.retention_ms, p_default_ms) * interval '1 millisecond', null);
  delete from result r where r.clone_id = v_place.clone_id and r.name = v_name;
  insert into result select v_new.*;
  update result_blob b set remove_at = v_now where b.key = v_old.blob and b.remove_at is null;
  update result_head h
  set next_index = greatest(h.next_index, v_new.index + 1),
      size_bytes = h.size_bytes + p_size
        - case when v_old.removed_at is null then coalesce(v_old.size_bytes, 0) else 0 end
  where h.clone_id = v_place.clone_id;
  return query select 'KEPT', v_new, case when v_old.removed_at is null then v_old.blob end;
end
$$;

-- Takes note of results that have expired, and of their blobs. Returns how many there were.
create function expire_results(p_limit integer) returns integer
language sql
as $$
  with ripe as materialized (
    select r.clone_id, r.index from result r
    where r.removed_at is null and r.expire_at <= ramet_now()
    order by r.expire_at limit p_limit
  ), heads as materialized (
    select h.clone_id from result_head h
    where h.clone_id in (select clone_id from ripe)
    order by h.clone_id for update skip locked
  ), gone as (
    update result r set removed_at = ramet_now()
    from ripe join heads using (clone_id)
    where r.clone_id = ripe.clone_id and r.index = ripe.index
      and r.removed_at is null and r.expire_at <= ramet_now()
    returning r.clone_id, r.blob, r.size_bytes
  ), unwanted as (
    update result_blob b set remove_at = ramet_now() from gone where b.key = gone.blob
  ), counted as (
    update result_head h set size_bytes = h.size_bytes - g.size_bytes
    from (select clone_id, sum(size_bytes)::bigint as size_bytes from gone group by 1) g
    where h.clone_id = g.clone_id
  )
  select count(*)::integer from gone
$$;

-- Removes results of clones that are deleted. Returns how many there were; a clone without any
-- counts as one, once.
create function remove_doomed_results(p_limit integer) returns integer
language sql
as $$
  with heads as materialized (
    select h.clone_id from result_head h where h.is_doomed
    order by h.clone_id limit 20 for update skip locked
  ), chosen as materialized (
    select r.clone_id, r.index from heads join result r using (clone_id) limit p_limit
  ), gone as (
    delete from result r using chosen c where r.clone_id = c.clone_id and r.index = c.index
    returning r.blob
  ), unwanted as (
    update result_blob b set remove_at = ramet_now() from gone
    where b.key = gone.blob and b.remove_at is null
  ), emptied as (
    delete from result_head h using heads
    where h.clone_id = heads.clone_id
      and not exists (select from result r where r.clone_id = h.clone_id)
    returning 1
  )
  select (select count(*) from gone)::integer + (select count(*) from emptied)::integer
$$;

-- Work that one replica does for all, now and then.
create table sweep (
  name   text        primary key,
  due_at timestamptz not null
);

-- What is left of a clone that was deleted long ago. Its actions stay as well.
create table tombstone (
  clone_id       text        primary key,
  owner_id       text        not null,
  name           text        not null,
  -- The head of its history, which was pruned, and where that stood among all others.
  seq            integer     not null,
  hash           bytea       not null,
  first_position bigint      not null,
  last_position  bigint      not null,
  deleted_at     timestamptz not null,
  pruned_at      timestamptz not null,
  constraint tombstone_span check (first_position <= last_position)
);

create index clone_deleted on clone (deleted_at) where deleted_at is not null;

-- Prunes clones that were deleted so long ago, each as a whole. Returns how many there were.
--
-- A clone waits until its history is published: nobody who follows misses its end.
create function prune_clones(p_retention_ms float8, p_limit integer) returns integer
language plpgsql
set enable_seqscan = off
as $$
declare
  v_ids text[];
begin
  select coalesce(array_agg(d.id order by d.id), '{}') into v_ids
  from (
    select c.id from clone c
    where c.deleted_at <= ramet_now() - p_retention_ms * interval '1 millisecond'
      and not exists (
        select from history h
        where h.aggregate = c.id
          and (h.position is null or h.position > (select min(l.position) from relay l))
      )
      and not exists (select from result_head h where h.clone_id = c.id)
    order by c.deleted_at limit p_limit for update skip locked
  ) d;
  if v_ids = '{}' then return 0; end if;

  insert into tombstone
  select c.id, c.owner_id, c.name, c.seq, c.hash, s.first, s.last, c.deleted_at, ramet_now()
  from unnest(v_ids) as n (id)
  join clone c on c.id = n.id
  cross join lateral (
    select min(h.position) as first, max(h.position) as last from history h where h.aggregate = n.id
  ) s;
  delete from execution_progress p
  using execution e where e.clone_id = any (v_ids) and p.execution_id = e.id;
  delete from execution e where e.clone_id = any (v_ids);
  delete from work w where w.id = any (v_ids);
  delete from history h where h.aggregate = any (v_ids);
  delete from clone c where c.id = any (v_ids);
  return cardinality(v_ids);
end
$$;

-- Forgets request ids after a time, among the next so many after a place, unless what they made is
-- still there. Returns the last of those that were looked at, or nothing.
create function forget_request_ids(
  p_keep_ms float8, p_at timestamptz, p_caller text, p_request text, p_limit integer
) returns table (at timestamptz, caller text, request_id text, gone bigint)
language sql
as $$
  with old as materialized (
    select q.at, q.caller, q.request_id, q.resource_id from request_id q
    where q.at <= ramet_now() - p_keep_ms * interval '1 millisecond'
      and (q.at, q.caller, q.request_id) > (p_at, p_caller, p_request)
    order by q.at, q.caller, q.request_id limit p_limit
  ), gone as (
    delete from request_id q using old o
    where q.caller = o.caller and q.request_id = o.request_id
      and not exists (select from clone c where c.id = o.resource_id and c.deleted_at is null)
      and not exists (
        select from template t where t.id = o.resource_id and t.deleted_at is null
      )
      and not exists (
        select from webhook w where w.id = o.resource_id and w.deleted_at is null
      )
    returning 1
  )
  select o.at, o.caller, o.request_id, (select count(*) from gone)
  from old o order by 1 desc, 2 desc, 3 desc limit 1
$$;
