-- Changes a clone and its current execution, with their history, quota and work: all or nothing.
--
-- Locks in one order: the clone, its work, its owner's quota. Answers `CONFLICT` if the clone is
-- not as it was read, and `STALE_LEASE` if the caller reconciles and has lost its lease; nothing
-- has changed then.
--
--   p_lease     the fencing number of a reconciler, or null for a change that somebody else made
--   p_finishes  whether the reconciler's step ends with this change
--   p_due_ms    when the clone is due: after the step, or at the latest if there is no lease
create function change_clone(
  p_clone       jsonb,
  p_execution   jsonb,
  p_kind        text,
  p_actor       text,
  p_cause       text,
  p_payload     bytea,
  p_trace       text,
  p_frees_quota boolean,
  p_lease       bigint,
  p_finishes    boolean,
  p_due_ms      float8
) returns text
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_next clone := jsonb_populate_record(null::clone, p_clone);
  v_run  execution := jsonb_populate_record(null::execution, p_execution);
  v_seq  integer;
  v_hash bytea;
begin
  select c.seq, c.hash into v_seq, v_hash from clone c where c.id = v_next.id for no key update;
  if v_seq is distinct from v_next.seq - 1 then return 'CONFLICT'; end if;

  if p_lease is null then
    update work w
    set due_at = least(w.due_at, ramet_now() + p_due_ms * interval '1 millisecond'),
        trace = p_trace
    where w.id = v_next.id;
  elsif p_finishes then
    update work w
    set due_at = case
          when w.due_at is distinct from w.leased_until then ramet_now()
          else ramet_now() + p_due_ms * interval '1 millisecond'
        end,
        leased_until = '-infinity', attempt = 0, error = null
    where w.id = v_next.id and w.lease_seq = p_lease;
  else
    perform 1 from work w where w.id = v_next.id and w.lease_seq = p_lease for no key update;
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

  if p_frees_quota then
    with freed as (
      insert into quota_entry (owner_id, kind, resource, clone_id, change, at)
      select q.owner_id, q.kind, q.resource, q.clone_id, -1, v_next.updated_at
      from quota_entry q
      where q.clone_id = v_next.id and q.change = 1
      on conflict do nothing
      returning owner_id, kind, resource
    )
    update quota q set used = q.used - 1
    from freed f
    where q.owner_id = f.owner_id and q.kind = f.kind and q.resource = f.resource;
  end if;

  insert into history (aggregate, seq, kind, actor, cause, payload, prev_hash, hash, at, trace)
  values (v_next.id, v_next.seq, p_kind, p_actor, p_cause, p_payload, v_hash, v_next.hash,
          v_next.updated_at, p_trace);
  return 'CHANGED';
end
$$;
