-- Changes a clone and its current execution, with their work and history.
--
-- Answers `CONFLICT` if the clone is not as it was read, and `STALE_LEASE` if the caller reconciles
-- and has lost its lease; nothing has changed then. What a change has:
--
--   clone      the clone's row, as far as it changes      execution  its execution's row, or null
--   kind, actor, cause, trace                             as in the history
--   lease      the fencing number of a reconciler, or null for a change that somebody else made
--   finishes   whether the reconciler's step ends with this change
--   due_ms     when the clone is due: after the step, or at the latest if there is no lease
create function change_clone(p_change jsonb, p_payload bytea) returns text
language plpgsql
set enable_seqscan = off
as $$
declare
  v_next  clone := jsonb_populate_record(null::clone, p_change -> 'clone');
  v_run   execution := jsonb_populate_record(null::execution, nullif(p_change -> 'execution', 'null'));
  v_lease bigint := (p_change ->> 'lease')::bigint;
  v_due   interval := (p_change ->> 'due_ms')::float8 * interval '1 millisecond';
  v_seq   integer;
  v_hash  bytea;
begin
  select c.seq, c.hash into v_seq, v_hash from clone c where c.id = v_next.id for no key update;
  if v_seq is distinct from v_next.seq - 1 then return 'CONFLICT'; end if;

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
    where w.id = v_next.id and w.lease_seq = v_lease;
  else
    perform 1 from work w where w.id = v_next.id and w.lease_seq = v_lease for no key update;
  end if;
  if not found then return 'STALE_LEASE'; end if;

  update clone c
  set desired = v_next.desired, phase = v_next.phase, reason = v_next.reason,
      message = v_next.message, phase_at = v_next.phase_at, deadline_at = v_next.deadline_at,
      epoch = v_next.epoch, conditions = v_next.conditions, updated_at = v_next.updated_at,
      deleted_at = v_next.deleted_at, seq = v_next.seq, hash = v_next.hash
  where c.id = v_next.id;

  if v_run.id is not null then
    insert into execution as e select v_run.*
    on conflict (id) do update
    set started_at = excluded.started_at, ended_at = excluded.ended_at,
        outcome = coalesce(e.outcome, excluded.outcome),
        report = coalesce(e.report, excluded.report);
  end if;

  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  values (v_next.id, v_next.seq, p_change ->> 'kind', p_change ->> 'actor', p_change ->> 'cause',
          p_payload, v_hash, v_next.hash, v_next.updated_at, p_change ->> 'trace');
  return 'CHANGED';
end
$$;

-- Changes many clones in one call, each as if alone, and gives back the quota of those that hold
-- none any more (`frees_quota`).
--
-- Locks in one order, whatever else is going on: clones with their work by id, then quota by owner.
create function change_clones(p_changes jsonb, p_payload bytea[])
returns table (verdict text)
language plpgsql
set enable_seqscan = off
as $$
declare
  v_verdicts text[] := array_fill(null::text, array[cardinality(p_payload)]);
  v_n        integer;
  v_entry    record;
begin
  for v_n in
    select c.n from jsonb_array_elements(p_changes) with ordinality as c (change, n)
    order by c.change -> 'clone' ->> 'id', c.n
  loop
    v_verdicts[v_n] := change_clone(p_changes -> (v_n - 1), p_payload[v_n]);
  end loop;

  for v_entry in
    select e.* , (c.change -> 'clone' ->> 'updated_at')::timestamptz as freed_at
    from jsonb_array_elements(p_changes) with ordinality as c (change, n)
    join lateral (
      select q.* from quota_entry q where q.clone_id = c.change -> 'clone' ->> 'id' and q.change = 1
    ) e on true
    where (c.change ->> 'frees_quota')::boolean and v_verdicts[c.n] = 'CHANGED'
    order by e.owner_id, e.kind, e.resource, e.clone_id
  loop
    insert into quota_entry (owner_id, kind, resource, clone_id, change, at)
    values (v_entry.owner_id, v_entry.kind, v_entry.resource, v_entry.clone_id, -1, v_entry.freed_at)
    on conflict do nothing;
    if found then
      update quota q set used = q.used - 1
      where q.owner_id = v_entry.owner_id and q.kind = v_entry.kind
        and q.resource = v_entry.resource;
    end if;
  end loop;

  return query select v from unnest(v_verdicts) with ordinality as u (v, n) order by n;
end
$$;
