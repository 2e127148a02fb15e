-- Takes reports of runners, at most one for each execution.
--
-- A probe that changes its mind makes the clone due. What a user has stopped goes on where its stage
-- always runs. The epoch is judged here, in the statement that writes: a report of an execution that is not the
-- current one of its clone, or is over, or is claimed by another instance, is `STALE`. A sequence
-- that is not above the last one keeps the progress as it is. A new claim makes the clone due.
drop function take_reports(text[], integer[], text[], boolean[], numeric[], jsonb[], text[]);

create function take_reports(
  p_execution text[],
  p_epoch     integer[],
  p_instance  text[],
  p_started   boolean[],
  p_sequence  numeric[],
  p_progress  jsonb[],
  p_health    jsonb[],
  p_endpoints jsonb[],
  p_phases    text[]
) returns table (verdict text, stop_requested boolean)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  return query
  with asked as materialized (
    select r.*, c.id as clone_id, c.owner_id, clock.now,
      c.desired <> 'RUNNING' and not (
        c.desired = 'STOPPED'
        and jsonb_path_exists(c.stages, '$[*] ? (@.state == "ACTIVE" && @.always == true)')
      ) as is_to_stop
    from unnest(p_execution, p_epoch, p_instance, p_started, p_sequence, p_progress, p_health,
                p_endpoints)
           with ordinality
           as r (execution, epoch, instance, started, sequence, progress, health, endpoints, n)
    cross join (select ramet_now() as now) as clock
    left join execution e on e.id = r.execution and e.epoch = r.epoch and e.outcome is null
    left join clone c
      on c.id = e.clone_id and c.epoch = e.epoch and c.phase = any (p_phases)
  ), taken as (
    insert into execution_progress as p (
      execution_id, clone_id, owner_id, instance, claimed_at, heartbeat_at, sequence, progress,
      reported_at, health, health_at, endpoints
    )
    select a.execution, a.clone_id, a.owner_id,
      case when a.started then a.instance else '' end,
      case when a.started then a.now end,
      a.now, coalesce(a.sequence, -1), a.progress,
      case when a.progress is not null then a.now end,
      a.health, case when a.health is not null then a.now end, a.endpoints
    from asked a
    where a.clone_id is not null
    order by a.execution
    on conflict (execution_id) do update
    set instance = case when p.instance = '' then excluded.instance else p.instance end,
        claimed_at = coalesce(p.claimed_at, excluded.claimed_at),
        heartbeat_at = excluded.heartbeat_at,
        sequence = greatest(p.sequence, excluded.sequence),
        progress = case
          when excluded.sequence > p.sequence then excluded.progress else p.progress
        end,
        reported_at = case
          when excluded.sequence > p.sequence then excluded.reported_at else p.reported_at
        end,
        health = coalesce(excluded.health, p.health),
        health_at = case
          when excluded.health ->> 'ready' is distinct from p.health ->> 'ready'
              and excluded.health is not null
            then excluded.heartbeat_at
          else p.health_at
        end,
        endpoints = coalesce(p.endpoints, excluded.endpoints)
    where p.instance in ('', (select a.instance from asked a where a.execution = p.execution_id))
    returning execution_id,
      claimed_at = heartbeat_at or coalesce(health_at = heartbeat_at, false) as is_news
  ), claimed as materialized (
    -- In one order: whoever else locks many rows goes by id too.
    select w.id, a.now
    from taken t
    join asked a on a.execution = t.execution_id
    join work w on w.id = a.clone_id
    where t.is_news
    order by w.id
    for no key update of w
  ), woken as (
    update work w set due_at = c.now from claimed c where w.id = c.id
  )
  select
    case when t.execution_id is null then 'STALE' else 'TAKEN' end,
    coalesce(a.is_to_stop, true)
  from asked a
  left join taken t on t.execution_id = a.execution
  order by a.n;
end
$$;
