-- A clone, as it is now. Its past is in `history`: the newest entry there gives this row.
create table clone (
  id             text        primary key check (id ~ '^cln_[0-9a-z]{26}$'),
  name           text        not null,
  kind           text        not null constraint clone_kind
    check (kind in ('BOT', 'WORKFLOW', 'ENVIRONMENT', 'INSTANCE')),
  -- A user or a team: the prefix tells which.
  owner_id       text        not null check (owner_id ~ '^(usr|tem)_[0-9a-z]{26}$'),
  creator_id     text        not null,
  bot_id         text        not null,
  team_id        text        not null,
  key_id         text        not null,
  parameters     jsonb       not null,
  limits         jsonb       not null,
  labels         jsonb       not null,
  source         jsonb       not null,
  max_signatures numeric(20),
  desired        text        not null constraint clone_desired
    check (desired in ('RUNNING', 'STOPPED', 'DELETED', 'SUSPENDED', 'ARCHIVED')),
  phase          text        not null constraint clone_phase
    check (phase in ('ACCEPTED', 'PREPARING', 'PROVISIONING', 'RUNNING', 'STOPPING', 'FINALIZING',
                     'COMPLETED', 'STOPPED', 'FAILED', 'DELETING', 'CLEANUP_FAILED', 'DELETED')),
  reason         text        not null,
  message        text        not null,
  phase_at       timestamptz not null,
  deadline_at    timestamptz,
  epoch          integer     not null check (epoch >= 0),
  conditions     jsonb       not null,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  deleted_at     timestamptz,
  -- The head of its history.
  seq            integer     not null check (seq > 0),
  hash           bytea       not null,
  constraint clone_leaves_transient_phases
    check ((deadline_at is null) = (phase in ('COMPLETED', 'STOPPED', 'FAILED', 'DELETED'))),
  constraint clone_deleted
    check ((deleted_at is null) = (phase <> 'DELETED'))
) with (fillfactor = 70);

-- A name is free again when its clone is deleted.
create unique index clone_name on clone (owner_id, name) where name <> '' and deleted_at is null;

-- Lists go by owner, newest first, as ids rise with time.
create index clone_list on clone (owner_id, id);

-- One run of a clone's workload. Part of its clone's history.
create table execution (
  id         text        primary key check (id ~ '^exe_[0-9a-z]{26}$'),
  clone_id   text        not null references clone (id),
  epoch      integer     not null check (epoch > 0),
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at   timestamptz,
  -- Set once: no statement changes one that is there.
  outcome    jsonb       constraint execution_outcome
    check (outcome ->> 'kind' in ('SUCCEEDED', 'FAILED', 'STOPPED', 'TIMED_OUT', 'INTERRUPTED')),
  report     jsonb,
  constraint execution_of_epoch unique (clone_id, epoch)
) with (fillfactor = 70);

-- What the runner of an execution has said last: its claim, its heartbeat, its progress. Not part
-- of any history.
create table execution_progress (
  execution_id text        primary key,
  clone_id     text        not null,
  owner_id     text        not null,
  -- The instance that claimed the execution: only it may run it. Empty: none has.
  instance     text        not null,
  claimed_at   timestamptz,
  heartbeat_at timestamptz not null,
  sequence     numeric(20) not null,
  progress     jsonb,
  reported_at  timestamptz
) with (fillfactor = 50);

-- Watchers are told what was reported of late.
create index execution_progress_recent on execution_progress (reported_at) where reported_at is not null;

-- What a reconciler has to do: one row per clone, due when something may be done.
create table work (
  id           text        primary key,
  due_at       timestamptz,
  leased_until timestamptz not null default '-infinity',
  lease_seq    bigint      not null default 0,
  attempt      integer     not null default 0,
  error        text,
  -- The trace of the call that has set the clone in motion last.
  trace        text        not null default ''
) with (fillfactor = 50);

create index work_due on work (due_at, id) where due_at is not null;

-- How many clones of a kind an owner has. The sum of the owner's entries, at every commit.
create table quota (
  owner_id  text    not null,
  kind      text    not null,
  resource  text    not null,
  -- Absent: the default of the service.
  own_limit integer check (own_limit >= 0),
  used      integer not null check (used >= 0),
  primary key (owner_id, kind, resource)
) with (fillfactor = 50);

-- What a clone took of its owner's quota, or gave back. Each once.
create table quota_entry (
  entry    bigint      generated always as identity primary key,
  owner_id text        not null,
  kind     text        not null,
  resource text        not null,
  clone_id text        not null,
  change   integer     not null check (change in (1, -1)),
  at       timestamptz not null,
  constraint quota_entry_once unique (clone_id, resource, change)
);
