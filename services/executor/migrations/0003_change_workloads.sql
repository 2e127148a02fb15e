-- Changes a workload, with its work and its history. Both rows are locked.
--
-- Answers `STALE_LEASE` if the caller reconciles and has lost its lease, and `CONFLICT` if the
-- workload is not as it was read; nothing has changed then. What a change has:
--
--   id, seq    of the workload as it was read
--   lease      the fencing number of a reconciler whose step ends with it, or null
--   due_ms     when the workload is due after the step, or null if there is nothing left to do
--   error      what went wrong in the step, or null
--   workload   the columns that change, or null for the end of a step alone
--   kind, actor, trace   as in the history
create function change_workload(p_change jsonb, p_payload bytea) returns text
language plpgsql
set enable_seqscan = off
as $$
declare
  v_id     text   := p_change ->> 'id';
  v_lease  bigint := (p_change ->> 'lease')::bigint;
  v_error  text   := p_change ->> 'error';
  v_before workload;
  v_next   workload;
begin
  if v_lease is not null then
    perform 1 from work w where w.id = v_id and w.lease_seq = v_lease;
    if not found then return 'STALE_LEASE'; end if;
  end if;
  select w.* into v_before from workload w where w.execution_id = v_id;
  if v_before.seq is distinct from (p_change ->> 'seq')::integer then return 'CONFLICT'; end if;

  if v_lease is not null then
    update work w
    set due_at = case
          when w.due_at is distinct from w.leased_until then ramet_now()
          else ramet_now() + (p_change ->> 'due_ms')::float8 * interval '1 millisecond'
        end,
        leased_until = '-infinity', error = v_error,
        attempt = case when v_error is null then 0 else w.attempt + 1 end
    where w.id = v_id;
  else
    -- Its host has something to do.
    update work w set due_at = ramet_now() where w.id = v_id;
  end if;
  if p_change -> 'workload' = 'null' then return 'CHANGED'; end if;

  v_next := jsonb_populate_record(v_before, p_change -> 'workload');
  update workload w
  set state = v_next.state, stop_cause = v_next.stop_cause, stop_at = v_next.stop_at,
      exit = v_next.exit, started_at = v_next.started_at, ended_at = v_next.ended_at,
      seq = v_next.seq, hash = v_next.hash
  where w.execution_id = v_id;

  -- The times of an aggregate rise strictly.
  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  select v_id, v_next.seq, p_change ->> 'kind', p_change ->> 'actor', '', p_payload, v_before.hash,
         v_next.hash, greatest(ramet_now(), h.at + interval '1 microsecond'), p_change ->> 'trace'
  from (select) as one
  left join history h on h.aggregate = v_id and h.seq = v_before.seq;
  return 'CHANGED';
end
$$;

-- Changes many workloads in one call, each as if alone.
--
-- Locks in one order, whatever else is going on: workloads by id, then their work by id.
create function change_workloads(p_changes jsonb, p_payload bytea[]) returns table (verdict text)
language plpgsql
set enable_seqscan = off
as $$
declare
  v_ids text[] := array(select c ->> 'id' from jsonb_array_elements(p_changes) c);
begin
  perform 1 from workload w where w.execution_id = any (v_ids) order by w.execution_id
  for no key update;
  perform 1 from work w where w.id = any (v_ids) order by w.id for no key update;
  for v_n in 1 .. cardinality(p_payload) loop
    verdict := change_workload(p_changes -> (v_n - 1), p_payload[v_n]);
    return next;
  end loop;
end
$$;
