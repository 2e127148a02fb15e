-- Creates many clones in one call: request ids, quota, clones, their work and history.
--
-- Three statements, each with a snapshot of its own: request ids are taken in one order, so that a
-- racing twin waits and then loses; quota rows are made or locked in one order; the rest is decided
-- after those locks. Rows of tables that grow are looked up one by one (`lateral ... limit 1`) or
-- by their place (`ctid`), so that a plan from the time when the tables were empty is a good one.
create function create_clones(
  p_clones      jsonb,
  p_caller      text[],
  p_request     text[],
  p_fingerprint bytea[],
  p_payload     bytea[],
  p_hash        bytea[],
  p_trace       text[],
  p_limit       integer
) returns table (verdict text, resource_id text)
language plpgsql
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_clones clone[] := array(select c from jsonb_populate_recordset(null::clone, p_clones) c);
  v_taken  text[];
begin
  with taken as (
    insert into request_id (caller, request_id, fingerprint, resource_id, at)
    select r.caller, r.request, r.fingerprint, c.id, c.created_at
    from unnest(p_caller, p_request, p_fingerprint) with ordinality
           as r (caller, request, fingerprint, n)
    join unnest(v_clones) with ordinality as c on c.ordinality = r.n
    where r.request <> ''
    order by r.caller, r.request
    on conflict do nothing
    returning resource_id
  )
  select coalesce(array_agg(resource_id), '{}') into v_taken from taken;

  -- A row that is there is locked and stays as it is.
  insert into quota (owner_id, kind, resource, used)
  select distinct c.owner_id, c.kind, 'clones', 0
  from unnest(v_clones) c
  order by c.owner_id, c.kind
  on conflict (owner_id, kind, resource) do update set used = excluded.used where false;

  return query
  with asked as materialized (
    select c.ordinality as n, c.id, c.owner_id, c.kind, c.name, c.created_at,
      r.caller, r.request, r.fingerprint, r.payload, r.hash, r.trace,
      r.request = '' or c.id = any (v_taken) as is_fresh
    from unnest(v_clones) with ordinality as c
    join unnest(p_caller, p_request, p_fingerprint, p_payload, p_hash, p_trace) with ordinality
           as r (caller, request, fingerprint, payload, hash, trace, n) on r.n = c.ordinality
  ), fresh as materialized (
    select a.n, a.owner_id, a.kind, q.place, q.room,
      a.name <> '' and (
        row_number() over (partition by a.owner_id, a.name order by a.n) > 1
        or exists (
          select from clone x
          where x.owner_id = a.owner_id and x.name = a.name and x.name <> ''
            and x.deleted_at is null
        )
      ) as is_taken
    from asked a
    cross join lateral (
      select q.ctid as place, coalesce(q.own_limit, p_limit) - q.used as room
      from quota q
      where q.owner_id = a.owner_id and q.kind = a.kind and q.resource = 'clones'
      limit 1
    ) q
    where a.is_fresh
  ), ranked as materialized (
    select f.*,
      count(*) filter (where not f.is_taken) over (partition by f.place order by f.n) as nth
    from fresh f
  ), made as (
    insert into clone
    select c.*
    from ranked r
    cross join lateral (select (v_clones[r.n]).*) c
    where not r.is_taken and r.nth <= r.room
    order by c.owner_id, c.name
    on conflict do nothing
    returning id, seq, owner_id, kind
  ), kept as materialized (
    select a.*, f.place, f.is_taken, f.nth <= f.room as has_room, m.id is not null as is_made
    from asked a
    left join ranked f on f.n = a.n
    left join made m on m.id = a.id
  ), entered as (
    insert into quota_entry (owner_id, kind, resource, clone_id, change, at)
    select k.owner_id, k.kind, 'clones', k.id, 1, k.created_at
    from kept k where k.is_made order by k.n
  ), counted as (
    update quota q
    set used = q.used + m.count
    from (select k.place, count(*)::integer as count from kept k where k.is_made group by 1) m
    where q.ctid = m.place
  ), queued as (
    insert into work (id, due_at, trace)
    select k.id, k.created_at, k.trace from kept k where k.is_made order by k.n
  ), logged as (
    insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
    select k.id, 1, 'clone.created', k.caller, '', k.payload, '', k.hash, k.created_at, k.trace
    from kept k where k.is_made order by k.n
  ), seen as materialized (
    select k.n, q.place, q.fingerprint, q.resource_id
    from kept k
    cross join lateral (
      select q.ctid as place, q.fingerprint, q.resource_id
      from request_id q
      where q.caller = k.caller and q.request_id = k.request
      limit 1
    ) q
    where k.request <> '' and not k.is_made
  ), undone as (
    delete from request_id q
    using (select s.place from seen s join kept k on k.n = s.n where k.is_fresh) s
    where q.ctid = s.place
  )
  select
    case
      when k.is_made then 'CREATED'
      when k.is_fresh then
        case when k.is_taken or k.has_room then 'NAME_TAKEN' else 'QUOTA_EXCEEDED' end
      when s.fingerprint = k.fingerprint then 'REPEATED'
      else 'REQUEST_ID_REUSED'
    end,
    coalesce(s.resource_id, k.id)
  from kept k
  left join seen s on s.n = k.n
  order by k.n;
end
$$;
