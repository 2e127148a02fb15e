-- A workload: one execution of a clone, as it is now. Committed before anything of it exists
-- outside; whatever is found there has a row here. Its past is in `history`.
create table workload (
  execution_id text        primary key,
  clone_id     text        not null,
  epoch        integer     not null check (epoch > 0),
  name         text        not null,
  runtime      text        not null,
  host_id      text        not null,
  slot         integer     check (slot >= 0),
  state        text        not null check (state in ('pending', 'running', 'stopping', 'exited', 'removing', 'removed')),
  source       jsonb,
  parameters   jsonb       not null,
  limits       jsonb,
  key_id       text        not null,
  stop_cause   text        check (stop_cause in ('STOPPED', 'INTERRUPTED')),
  stop_at      timestamptz,
  exit         jsonb,
  seq          integer     not null check (seq > 0),
  hash         bytea       not null,
  created_at   timestamptz not null,
  started_at   timestamptz,
  ended_at     timestamptz,

  -- What ended says how, and what was asked to stop says why.
  constraint workload_exit check ((exit is null) = (ended_at is null)),
  constraint workload_exited check (state <> 'exited' or exit is not null),
  constraint workload_stop check ((stop_cause is null) = (stop_at is null)),
  -- What may exist outside has what it was made from, and a place.
  constraint workload_made check (state = 'removed' or (source is not null and slot is not null))
) with (fillfactor = 70);

-- Two workloads that may both exist never share a place, and with it a user, on one host.
create unique index workload_slot on workload (host_id, slot) where state <> 'removed';

-- Whether a clone has a workload of a higher epoch.
create index workload_clone on workload (clone_id, epoch);

-- Pages of ListExecutions, newest first.
create index workload_newest on workload (created_at, execution_id);

-- What a host has to do: one row per workload, bound to the host that it is on.
create table work (
  id           text        primary key,
  host_id      text        not null default '',
  due_at       timestamptz,
  leased_until timestamptz not null default '-infinity',
  lease_seq    bigint      not null default 0,
  attempt      integer     not null default 0,
  error        text
) with (fillfactor = 50);

create index work_due on work (host_id, due_at, id) where due_at is not null;
