-- Creates many clones in one call: request ids, quota, clones, their work, action and history.
--
-- Request ids are taken in one order, so that a racing twin waits and then loses; quota rows are made
-- or locked in one order; the rest is decided after those locks, one clone after the other. Rows of
-- tables that grow are looked up one by one, so that a plan from the time when the tables were empty
-- is a good one.
drop function create_clones(jsonb, text[], text[], bytea[], bytea[], bytea[], text[], integer);

create function create_clones(
  p_clones      jsonb,
  p_caller      text[],
  p_request     text[],
  p_fingerprint bytea[],
  p_payload     bytea[],
  p_hash        bytea[],
  p_trace       text[],
  p_limit       integer,
  -- For each: `{"parameters": ..., "secrets": [{"digest": ..., "sealed": hex}, ...]}`.
  p_more        jsonb
) returns table (verdict text, resource_id text)
language plpgsql
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  v_clones   clone[] := array(select c from jsonb_populate_recordset(null::clone, p_clones) c);
  v_taken    text[];
  v_verdicts text[] := array_fill(null::text, array[cardinality(p_caller)]);
  v_clone    clone;
  v_short    text;
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

  perform lock_quotas(array_agg(c.owner_id), array_agg(c.kind)) from unnest(v_clones) c;

  for n in 1 .. cardinality(v_clones) loop
    v_clone := v_clones[n];
    if p_request[n] <> '' and v_clone.id <> all (v_taken) then continue; end if;
    v_verdicts[n] := create_clone(v_clone, p_limit);
    if v_verdicts[n] <> 'CREATED' then continue; end if;

    perform hold_quota(v_clone, '{}', v_clone.owner_id);
  end loop;

  insert into action (id, clone_id, clone_name, owner_id, name, actor, reason, parameters, seq,
                      started_at, outcome, trace)
  select c.action ->> 'id', c.id, c.name, c.owner_id, c.action ->> 'name', p_caller[c.ordinality], '',
         p_more -> (c.ordinality::integer - 1) -> 'parameters', 1, c.created_at, 'RUNNING',
         p_trace[c.ordinality]
  from unnest(v_clones) with ordinality as c
  where v_verdicts[c.ordinality] = 'CREATED' order by c.ordinality;

  insert into secret (subject, digest, sealed)
  select c.id, s ->> 'digest', decode(s ->> 'sealed', 'hex')
  from unnest(v_clones) with ordinality as c
  cross join lateral jsonb_array_elements(p_more -> (c.ordinality::integer - 1) -> 'secrets') s
  where v_verdicts[c.ordinality] = 'CREATED' order by c.ordinality
  on conflict do nothing;

  insert into work (id, due_at, trace)
  select c.id, c.created_at, p_trace[c.ordinality]
  from unnest(v_clones) with ordinality as c
  where v_verdicts[c.ordinality] = 'CREATED' order by c.ordinality;

  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  select c.id, 1, 'clone.created', p_caller[c.ordinality], '', p_payload[c.ordinality], '',
         p_hash[c.ordinality], c.created_at, p_trace[c.ordinality]
  from unnest(v_clones) with ordinality as c
  where v_verdicts[c.ordinality] = 'CREATED' order by c.ordinality;

  -- A request that was refused may be made again.
  delete from request_id q
  using unnest(p_caller, p_request) with ordinality as r (caller, request, n)
  where q.caller = r.caller and q.request_id = r.request and r.request <> ''
    and v_verdicts[r.n] <> 'CREATED';

  return query
  select
    case
      when v_verdicts[c.ordinality] is not null then v_verdicts[c.ordinality]
      when s.fingerprint = p_fingerprint[c.ordinality] then 'REPEATED'
      else 'REQUEST_ID_REUSED'
    end,
    coalesce(s.resource_id, c.id)
  from unnest(v_clones) with ordinality as c
  left join lateral (
    select q.fingerprint, q.resource_id
    from request_id q
    where v_verdicts[c.ordinality] is null
      and q.caller = p_caller[c.ordinality] and q.request_id = p_request[c.ordinality]
    limit 1
  ) s on true
  order by c.ordinality;
end
$$;

-- Creates one clone, if its owner may have it: its row alone. Its owner's quota is locked.
create function create_clone(p_clone clone, p_limit integer) returns text
language plpgsql
set enable_seqscan = off
as $$
declare
  v_short text;
begin
  perform 1 from quota q where q.owner_id = p_clone.owner_id and q.denied limit 1;
  if found then return 'OWNER_DENIED'; end if;

  if p_clone.name <> '' then
    perform 1 from clone x
    where x.owner_id = p_clone.owner_id and x.name = p_clone.name and x.name <> ''
      and x.deleted_at is null;
    if found then return 'NAME_TAKEN'; end if;
  end if;
  v_short := short_of(p_clone, '{}', p_limit);
  if v_short is not null then return 'QUOTA_EXCEEDED ' || v_short; end if;

  insert into clone select p_clone.* on conflict do nothing;
  if found then return 'CREATED'; end if;
  perform 1 from clone x
  where x.owner_id = p_clone.owner_id and x.name = p_clone.name and x.name <> ''
    and x.deleted_at is null;
  return case when found then 'NAME_TAKEN' else 'EXTERNAL_REF_TAKEN' end;
end
$$;

-- Changes a clone and its current execution, with their work, quota, action and history. The clone,
-- its work and its quota are locked.
--
-- Answers `CONFLICT` if the clone is not as it was read, and `STALE_LEASE` if the caller reconciles
-- and has lost its lease; `QUOTA_EXCEEDED <resource>` if there is no room for what it would hold;
-- nothing has changed then. What a change has:
--
--   clone      the columns of the clone's row that change  execution  its execution's row, or null
--   kind, actor, cause, trace                              as in the history
--   lease      the fencing number of a reconciler, or null for a change that somebody else made
--   finishes   whether the reconciler's step ends with this change
--   due_ms     when the clone is due: after the step, or at the latest if there is no lease
--   action     what somebody does with it, or null; it takes the place of one that is not over
--   action_end how the open action has ended, or null
--   request    the request id that it has, or null: it has one effect
--   secrets    secret values that it needs, sealed
create or replace function change_clone(p_change jsonb, p_payload bytea, p_limit integer) returns text
language plpgsql
set enable_seqscan = off
as $$
declare
  v_before clone;
  v_next   clone;
  v_run    execution := jsonb_populate_record(null::execution, nullif(p_change -> 'execution', 'null'));
  v_lease  bigint := (p_change ->> 'lease')::bigint;
  v_due    interval := (p_change ->> 'due_ms')::float8 * interval '1 millisecond';
  v_short  text;
begin
  select c.* into v_before from clone c where c.id = p_change -> 'clone' ->> 'id';
  v_next := jsonb_populate_record(v_before, p_change -> 'clone');
  if v_before.seq is distinct from v_next.seq - 1 then return 'CONFLICT'; end if;
  if v_lease is not null then
    perform 1 from work w where w.id = v_next.id and w.lease_seq = v_lease;
    if not found then return 'STALE_LEASE'; end if;
  end if;

  if v_next.owner_id <> v_before.owner_id then
    v_short := short_of(v_next, '{}', p_limit);
  elsif v_next.holds <> v_before.holds then
    v_short := short_of(v_next, v_before.holds, p_limit);
  end if;
  if v_short is not null then return 'QUOTA_EXCEEDED ' || v_short; end if;

  if p_change -> 'request' <> 'null' then
    insert into request_id (caller, request_id, fingerprint, resource_id, at)
    values (p_change -> 'request' ->> 'caller', p_change -> 'request' ->> 'request_id',
            decode(p_change -> 'request' ->> 'fingerprint', 'hex'), v_next.id, ramet_now())
    on conflict do nothing;
    if not found then
      perform 1 from request_id q
      where q.caller = p_change -> 'request' ->> 'caller'
        and q.request_id = p_change -> 'request' ->> 'request_id'
        and q.fingerprint = decode(p_change -> 'request' ->> 'fingerprint', 'hex');
      return case when found then 'REPEATED' else 'REQUEST_ID_REUSED' end;
    end if;
  end if;

  if v_lease is null then
    update work w
    set due_at = least(w.due_at, ramet_now() + v_due), trace = p_change ->> 'trace'
    where w.id = v_next.id;
  elsif (p_change ->> 'finishes')::boolean then
    update work w
    set due_at = case
          when w.due_at is distinct from w.leased_until then ramet_now()
          else ramet_now() + v_due
        end,
        leased_until = '-infinity', attempt = 0, error = null
    where w.id = v_next.id;
  end if;

  update clone c
  set name = v_next.name, owner_id = v_next.owner_id, labels = v_next.labels,
      traits = v_next.traits, desired = v_next.desired, restart = v_next.restart,
      phase = v_next.phase, former_phase = v_next.former_phase, reason = v_next.reason,
      message = v_next.message, phase_at = v_next.phase_at, deadline_at = v_next.deadline_at,
      expire_at = v_next.expire_at, delete_due_at = v_next.delete_due_at, epoch = v_next.epoch,
      conditions = v_next.conditions, endpoints = v_next.endpoints, action = v_next.action,
      release = v_next.release, candidate = v_next.candidate, releases = v_next.releases,
      proven_release = v_next.proven_release, stages = v_next.stages, run_epoch = v_next.run_epoch,
      fresh_storage = v_next.fresh_storage, updated_at = v_next.updated_at,
      started_at = v_next.started_at, deleted_at = v_next.deleted_at, holds = v_next.holds,
      seq = v_next.seq, hash = v_next.hash
  where c.id = v_next.id;

  if v_next.holds <> v_before.holds or v_next.owner_id <> v_before.owner_id then
    perform hold_quota(v_next, v_before.holds, v_before.owner_id);
  end if;

  if v_run.id is not null then
    insert into execution as e select v_run.*
    on conflict (id) do update
    set started_at = excluded.started_at, ended_at = excluded.ended_at,
        outcome = coalesce(e.outcome, excluded.outcome),
        report = coalesce(e.report, excluded.report);
  end if;
  perform change_action(p_change, v_before, v_next);

  insert into secret (subject, digest, sealed)
  select v_next.id, s ->> 'digest', decode(s ->> 'sealed', 'hex')
  from jsonb_array_elements(p_change -> 'secrets') s
  on conflict do nothing;
  if v_next.phase = 'DELETED' then
    delete from secret s where s.subject = v_next.id;
  end if;

  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  values (v_next.id, v_next.seq, p_change ->> 'kind', p_change ->> 'actor', p_change ->> 'cause',
          p_payload, v_before.hash, v_next.hash, v_next.updated_at, p_change ->> 'trace');
  return 'CHANGED';
end
$$;

drop function change_clone(jsonb, bytea);

-- Ends the open action of a clone, or puts another one in its place.
create function change_action(p_change jsonb, p_before clone, p_next clone) returns void
language plpgsql
set enable_seqscan = off
as $$
declare
  v_action jsonb := nullif(p_change -> 'action', 'null');
  v_end    jsonb := nullif(p_change -> 'action_end', 'null');
begin
  -- One that is over with this change leaves the one that goes on alone, unless it undoes that.
  if v_action ->> 'id' = p_next.action ->> 'id' or v_end is not null
      or (p_before.action is not null and p_next.action is null) then
    update action a
    set ended_at = p_next.updated_at, outcome = coalesce(v_end ->> 'outcome', 'SUPERSEDED'),
        message = coalesce(v_end ->> 'message', '')
    where a.clone_id = p_next.id and a.ended_at is null;
  end if;
  if v_action is null then return; end if;

  insert into action (id, clone_id, clone_name, owner_id, name, actor, reason, parameters, seq,
                      started_at, ended_at, outcome, trace)
  values (v_action ->> 'id', p_next.id, p_before.name, p_before.owner_id, v_action ->> 'name',
          p_change ->> 'actor', v_action ->> 'reason', v_action -> 'parameters', p_next.seq,
          p_next.updated_at,
          -- One that is not open after the change was over with it.
          case when p_next.action ->> 'id' is distinct from v_action ->> 'id'
            then p_next.updated_at end,
          case when p_next.action ->> 'id' is distinct from v_action ->> 'id'
            then 'SUCCEEDED' else 'RUNNING' end,
          p_change ->> 'trace');
end
$$;

-- Changes many clones in one call, each as if alone.
--
-- Locks in one order, whatever else is going on: clones by id, their work by id, then quota by owner.
-- A change that could take a name or a reference that is taken is undone alone, and answers so.
drop function change_clones(jsonb, bytea[]);

create function change_clones(p_changes jsonb, p_payload bytea[], p_limit integer)
returns table (verdict text)
language plpgsql
set enable_seqscan = off
as $$
declare
  v_verdicts text[] := array_fill(null::text, array[cardinality(p_payload)]);
  v_ids      text[] := array(select c -> 'clone' ->> 'id' from jsonb_array_elements(p_changes) c order by 1);
  v_n        integer;
  v_name     text;
begin
  perform 1 from clone c where c.id = any (v_ids) order by c.id for no key update;
  perform 1 from work w where w.id = any (v_ids) order by w.id for no key update;
  perform lock_quotas(array_agg(q.owner_id), array_agg(q.kind))
  from (
    select c.owner_id, c.kind
    from jsonb_array_elements(p_changes) as p (change)
    join clone c on c.id = p.change -> 'clone' ->> 'id'
    where (p.change ->> 'counts')::boolean
    union
    select p.change -> 'clone' ->> 'owner_id', c.kind
    from jsonb_array_elements(p_changes) as p (change)
    join clone c on c.id = p.change -> 'clone' ->> 'id'
    where (p.change ->> 'counts')::boolean and p.change -> 'clone' ? 'owner_id'
  ) q
  having count(*) > 0;

  for v_n in
    select c.n from jsonb_array_elements(p_changes) with ordinality as c (change, n)
    order by c.change -> 'clone' ->> 'id', c.n
  loop
    if (p_changes -> (v_n - 1) ->> 'guarded')::boolean then
      begin
        v_verdicts[v_n] := change_clone(p_changes -> (v_n - 1), p_payload[v_n], p_limit);
      exception when unique_violation then
        get stacked diagnostics v_name = constraint_name;
        if v_name not in ('clone_name', 'clone_external_ref') then raise; end if;
        v_verdicts[v_n] := case v_name when 'clone_name' then 'NAME_TAKEN' else 'EXTERNAL_REF_TAKEN' end;
      end;
    else
      v_verdicts[v_n] := change_clone(p_changes -> (v_n - 1), p_payload[v_n], p_limit);
    end if;
  end loop;

  return query select v from unnest(v_verdicts) with ordinality as u (v, n) order by n;
end
$$;
