-- Creates many clones in one call: request ids, quota, clones, their work and history.
--
-- Three statements, each with a snapshot of its own: request ids are taken in one order, so that a
-- racing twin waits and then loses; quota rows are locked in one order; the rest is decided after
-- those locks. The settings keep plans from the time when the tables were empty out of the way.
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
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  v_taken text[];
begin
  with taken as (
    insert into request_id (caller, request_id, fingerprint, resource_id, at)
    select r.caller, r.request, r.fingerprint, c.id, c.created_at
    from unnest(p_caller, p_request, p_fingerprint) with ordinality
           as r (caller, request, fingerprint, n)
    join lateral jsonb_populate_record(null::clone, p_clones -> (r.n - 1)::integer) c on true
    where r.request <> ''
    order by r.caller, r.request
    on conflict do nothing
    returning resource_id
  )
  select coalesce(array_agg(resource_id), '{}') into v_taken from taken;

  insert into quota (owner_id, kind, resource, used)
  select distinct c.owner_id, c.kind, 'clones', 0
  from jsonb_populate_recordset(null::clone, p_clones) c
  order by c.owner_id, c.kind
  on conflict do nothing;

  perform 1
  from quota q
  where (q.owner_id, q.kind) in (
    select c.owner_id, c.kind from jsonb_populate_recordset(null::clone, p_clones) c
  ) and q.resource = 'clones'
  order by q.owner_id, q.kind
  for no key update;

  return query
  with asked as materialized (
    select r.*, c.id, c.owner_id, c.kind, c.name, c.created_at
    from unnest(p_caller, p_request, p_fingerprint, p_payload, p_hash, p_trace) with ordinality
           as r (caller, request, fingerprint, payload, hash, trace, n)
    join lateral jsonb_populate_record(null::clone, p_clones -> (r.n - 1)::integer) c on true
  ), fresh as materialized (
    select a.*,
      coalesce(q.own_limit, p_limit) - q.used as room,
      a.name <> '' and (
        row_number() over (partition by a.owner_id, a.name order by a.n) > 1
        or exists (
          select from clone x
          where x.owner_id = a.owner_id and x.name = a.name and x.name <> ''
            and x.deleted_at is null
        )
      ) as is_taken
    from asked a
    join quota q on q.owner_id = a.owner_id and q.kind = a.kind and q.resource = 'clones'
    where a.request = '' or a.id = any (v_taken)
  ), ranked as (
    select f.*, row_number() over (partition by f.owner_id, f.kind order by f.n) as nth
    from fresh f
    where not f.is_taken
  ), made as (
    insert into clone
    select c.*
    from ranked r
    join lateral jsonb_populate_record(null::clone, p_clones -> (r.n - 1)::integer) c on true
    where r.nth <= r.room
    order by c.owner_id, c.name
    on conflict do nothing
    returning id, owner_id, kind, seq, created_at
  ), entered as (
    insert into quota_entry (owner_id, kind, resource, clone_id, change, at)
    select m.owner_id, m.kind, 'clones', m.id, 1, m.created_at from made m order by m.id
  ), counted as (
    update quota q
    set used = q.used + m.count
    from (select owner_id, kind, count(*)::integer as count from made group by 1, 2) m
    where q.owner_id = m.owner_id and q.kind = m.kind and q.resource = 'clones'
  ), queued as (
    insert into work (id, due_at, trace)
    select m.id, m.created_at, a.trace from made m join asked a on a.id = m.id order by m.id
  ), logged as (
    insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
    select m.id, m.seq, 'clone.created', a.caller, '', a.payload, '', a.hash, m.created_at, a.trace
    from asked a
    join made m on m.id = a.id
    order by a.n
  ), undone as (
    delete from request_id q
    using asked a
    where q.caller = a.caller and q.request_id = a.request and q.resource_id = a.id
      and a.id = any (v_taken) and not exists (select from made m where m.id = a.id)
  )
  select
    case
      when m.id is not null then 'CREATED'
      when f.id is not null then
        case when f.is_taken or r.nth <= r.room then 'NAME_TAKEN' else 'QUOTA_EXCEEDED' end
      when q.fingerprint = a.fingerprint then 'REPEATED'
      else 'REQUEST_ID_REUSED'
    end,
    coalesce(m.id, q.resource_id, '')
  from asked a
  left join made m on m.id = a.id
  left join fresh f on f.n = a.n
  left join ranked r on r.n = a.n
  left join request_id q on q.caller = a.caller and q.request_id = a.request
  order by a.n;
end
$$;
