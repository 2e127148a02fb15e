-- Clones in full: what they run is a release, made of stages; they can be updated, suspended,
-- archived and restarted, and time has its say.
alter table clone
  add column template_id     text        not null default '',
  add column release         jsonb,
  add column candidate       jsonb,
  add column releases        integer     not null default 1,
  add column proven_release  integer     not null default 0,
  add column stages          jsonb       not null default '[]',
  add column run_epoch       integer     not null default 0,
  add column fresh_storage   boolean     not null default false,
  add column inputs          jsonb       not null default '[]',
  add column external_ref    text        not null default '',
  add column private_results boolean     not null default false,
  add column policy          jsonb       not null default '{}',
  add column traits          jsonb       not null default '[]',
  add column restart         text        check (restart in ('keep', 'fresh')),
  add column former_phase    text,
  add column expire_at       timestamptz,
  add column delete_due_at   timestamptz,
  add column endpoints       jsonb       not null default '[]',
  add column action          jsonb,
  add column started_at      timestamptz,
  -- What it takes of its owner's quota.
  add column holds           jsonb       not null default '{}';

-- A clone from before has one stage: its source.
update clone c
set release = jsonb_build_object(
      'number', 1, 'templateRevision', 0, 'tag', '', 'parameters', c.parameters,
      'overrides', '[]'::jsonb, 'limits', c.limits,
      'stages', jsonb_build_array(jsonb_build_object(
        'name', 'main', 'always', false, 'oncePerRelease', false, 'limits', '{}'::jsonb,
        'ports', '[]'::jsonb,
        'work', jsonb_build_object('kind', 'source', 'source', c.source || '{"tag": ""}')))),
    stages = case when c.epoch = 0 then '[]'::jsonb else jsonb_build_array(jsonb_strip_nulls(
      jsonb_build_object(
        'name', 'main', 'always', false, 'executions', 1, 'epoch', c.epoch,
        'executionId', e.id, 'outcome', e.outcome,
        'state', case
          when e.outcome is null then 'ACTIVE'
          when e.outcome ->> 'kind' = 'SUCCEEDED' then 'SUCCEEDED'
          else 'FAILED'
        end))) end,
    run_epoch = least(c.epoch, 1),
    proven_release = case when e.started_at is null then 0 else 1 end,
    started_at = e.started_at,
    holds = jsonb_build_object(
      'clones', coalesce((select sum(q.change) from quota_entry q where q.clone_id = c.id), 0),
      'cpu_millis', 0, 'memory_bytes', 0, 'storage_bytes', 0)
from clone o
left join execution e on e.clone_id = o.id and e.epoch = o.epoch
where o.id = c.id;

alter table clone
  alter column release set not null,
  drop column parameters,
  drop column limits,
  drop column source,
  drop constraint clone_phase,
  add constraint clone_phase check (phase in (
    'ACCEPTED', 'PREPARING', 'PROVISIONING', 'RUNNING', 'UPDATING', 'STOPPING', 'SUSPENDING',
    'SUSPENDED', 'RESUMING', 'FINALIZING', 'COMPLETED', 'STOPPED', 'FAILED', 'ARCHIVING', 'ARCHIVED',
    'RESTORING', 'DELETING', 'CLEANUP_FAILED', 'DELETED')),
  drop constraint clone_leaves_transient_phases,
  -- What runs without an end has no deadline.
  add constraint clone_leaves_transient_phases check (
    (deadline_at is null) = (phase in ('COMPLETED', 'STOPPED', 'FAILED', 'SUSPENDED', 'ARCHIVED', 'DELETED'))
    or phase = 'RUNNING' and deadline_at is null),
  add constraint clone_former_phase check (
    (former_phase is not null) = (phase in ('SUSPENDING', 'ARCHIVING')) or phase in ('DELETING', 'CLEANUP_FAILED', 'DELETED'));

-- What somebody else calls a clone is theirs while it is not at rest.
create unique index clone_external_ref on clone (owner_id, external_ref)
  where external_ref <> '' and (
    restart is not null
    or phase not in ('COMPLETED', 'STOPPED', 'FAILED', 'DELETED'));

alter table execution
  add column stage      text        not null default 'main',
  add column release    integer     not null default 1,
  add column not_before timestamptz;

alter table execution_progress
  -- What the probe has found last, and when it changed its mind.
  add column health    jsonb,
  add column health_at timestamptz,
  -- Where the workload can be reached.
  add column endpoints jsonb;

alter table quota
  alter column own_limit type bigint,
  alter column used type bigint,
  -- Whether the owner is on the deny list: nothing is created for it. Known here so that a creation
  -- and a denial that come at once have an order.
  add column denied boolean not null default false;

-- How much of a resource owners may have who have no limit of their own. No row: the built-in default.
create table quota_default (
  kind     text   not null,
  resource text   not null,
  max      bigint not null check (max >= 0),
  primary key (kind, resource)
);

alter table quota_entry
  -- The change of the clone that it came with.
  add column seq integer not null default 1,
  alter column change type bigint,
  drop constraint quota_entry_once,
  drop constraint quota_entry_change_check;
update quota_entry q
set seq = (select c.seq from clone c where c.id = q.clone_id) where q.change < 0;
alter table quota_entry
  alter column seq drop default,
  add constraint quota_entry_once unique (clone_id, resource, seq, owner_id);

-- What somebody did to a clone. Outlives the clone.
create table action (
  id         text        primary key check (id ~ '^act_[0-9a-z]{26}$'),
  clone_id   text        not null,
  clone_name text        not null,
  owner_id   text        not null,
  name       text        not null,
  actor      text        not null,
  reason     text        not null,
  -- With what: the request, secrets left out.
  parameters jsonb       not null,
  -- The change of the clone that it made first.
  seq        integer     not null,
  started_at timestamptz not null,
  ended_at   timestamptz,
  outcome    text        not null check (outcome in ('RUNNING', 'SUCCEEDED', 'FAILED', 'SUPERSEDED')),
  message    text        not null default '',
  -- The end of what the workload printed meanwhile.
  output     bytea       not null default '',
  trace      text        not null,
  constraint action_ended check ((ended_at is null) = (outcome = 'RUNNING'))
);

create index action_of_clone on action (clone_id, id);
create index action_of_owner on action (owner_id, id);
-- A clone has at most one that is not over.
create unique index action_open on action (clone_id) where ended_at is null;

-- Locks what changes count for, in one order: every quota of these owners and kinds.
create function lock_quotas(p_owner text[], p_kind text[]) returns void
language sql
as $$
  insert into quota (owner_id, kind, resource, used)
  select distinct a.owner_id, a.kind, r.resource, 0
  from unnest(p_owner, p_kind) as a (owner_id, kind)
  cross join unnest(array['clones', 'cpu_millis', 'memory_bytes', 'storage_bytes']) as r (resource)
  order by 1, 2, 3
  -- A row that is there is locked and stays as it is.
  on conflict (owner_id, kind, resource) do update set used = excluded.used where false
$$;

-- How much is left of a quota, or null where there is no limit. The row is locked already.
create function quota_room(p_owner text, p_kind text, p_resource text, p_default bigint) returns bigint
language sql stable
as $$
  select coalesce(
      q.own_limit,
      (select d.max from quota_default d where d.kind = p_kind and d.resource = p_resource),
      case when p_resource = 'clones' then p_default end
    ) - q.used
  from quota q
  where q.owner_id = p_owner and q.kind = p_kind and q.resource = p_resource
$$;

-- Makes the balance and the ledger follow what a clone holds: what it held before goes back, what
-- it holds now is taken.
create function hold_quota(p_clone clone, p_before jsonb, p_owner_before text) returns void
language plpgsql
set enable_seqscan = off
as $$
begin
  with entered as (
    insert into quota_entry (owner_id, kind, resource, clone_id, seq, change, at)
    select d.owner_id, p_clone.kind, d.resource, p_clone.id, p_clone.seq, sum(d.change),
           p_clone.updated_at
    from (
      select p_owner_before as owner_id, b.key as resource, -b.value::bigint as change
      from jsonb_each_text(p_before) b
      union all
      select p_clone.owner_id, h.key, h.value::bigint from jsonb_each_text(p_clone.holds) h
    ) d
    group by d.owner_id, d.resource having sum(d.change) <> 0
    order by d.owner_id, d.resource
    returning owner_id, kind, resource, change
  )
  update quota q set used = q.used + e.change
  from entered e
  where q.owner_id = e.owner_id and q.kind = e.kind and q.resource = e.resource;
end
$$;

-- The resource that an owner has no room for, should a clone hold this; null if there is room.
create function short_of(p_clone clone, p_before jsonb, p_default bigint) returns text
language sql stable
as $$
  select r.resource
  from unnest(array['clones', 'cpu_millis', 'memory_bytes', 'storage_bytes'])
         with ordinality as r (resource, n)
  cross join lateral (
    select coalesce((p_clone.holds ->> r.resource)::bigint, 0)
      - coalesce((p_before ->> r.resource)::bigint, 0) as more
  ) d
  where d.more > 0
    and d.more > quota_room(p_clone.owner_id, p_clone.kind, r.resource, p_default)
  order by r.n
  limit 1
$$;

-- Every change of a limit: who, when, why. Never changed.
create table quota_change (
  entry    bigint      generated always as identity primary key,
  -- Empty: the default of all owners.
  owner_id text        not null,
  kind     text        not null,
  resource text        not null,
  -- Absent: it was cleared.
  max      bigint,
  reason   text        not null,
  actor    text        not null,
  at       timestamptz not null
);
