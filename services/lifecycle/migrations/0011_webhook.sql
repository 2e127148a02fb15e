-- A place that phase changes of an owner's clones are posted to.
create table webhook (
  id             text        primary key check (id ~ '^whk_[0-9a-z]{26}$'),
  -- A user or a team: the prefix tells which.
  owner_id       text        not null check (owner_id ~ '^(usr|tem)_[0-9a-z]{26}$'),
  name           text        not null,
  url            text        not null,
  -- Kinds and phases to tell of; empty: all. Labels that a clone has to have.
  kinds          text[]      not null,
  phases         text[]      not null,
  labels         jsonb       not null,
  disabled       boolean     not null,
  creator_id     text        not null,
  -- Who has changed it last, such as `user:usr_...`.
  updated_by     text        not null,
  -- What the history had when it was made: it tells of what came later.
  since_position bigint      not null,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  deleted_at     timestamptz,
  -- How many changes it has had.
  revision       integer     not null check (revision > 0)
);

-- A name is free again when its webhook is deleted.
create unique index webhook_name on webhook (owner_id, name) where deleted_at is null;

-- Lists and the notifier go by owner; ids rise with time.
create index webhook_list on webhook (owner_id, id) where deleted_at is null;

-- What a webhook's requests are signed with, sealed. Destroyed with it.
create table webhook_secret (
  webhook_id text        not null references webhook (id),
  nth        integer     not null check (nth > 0),
  sealed     bytea       not null,
  -- Until when it signs beside the newest one. Absent: it is the newest.
  ends_at    timestamptz,
  primary key (webhook_id, nth)
);

-- An event for a webhook: what is to be sent, and what has become of it. Committed before anything
-- is sent. Events of one line go one after the other: a line is a clone, or one row that was asked
-- for by hand.
create table webhook_delivery (
  id          text        primary key,
  webhook_id  text        not null references webhook (id),
  line        text        not null,
  -- Empty and 0 for a ping.
  clone_id    text        not null,
  seq         integer     not null check (seq >= 0),
  -- As text, so that each attempt sends the same bytes.
  event       text        not null,
  status      text        not null constraint webhook_delivery_status
    check (status in ('PENDING', 'DELIVERED', 'DROPPED')),
  attempts    integer     not null default 0,
  next_at     timestamptz,
  give_up_at  timestamptz not null,
  -- Of the last attempt: the answer's status or 0, what went wrong or empty, how long it took.
  code        integer     not null default 0,
  problem     text        not null default '',
  latency_ms  integer,
  attempted_at timestamptz,
  -- In whole milliseconds, as page tokens have it.
  created_at  timestamptz not null,
  ended_at    timestamptz,
  constraint webhook_delivery_waits check ((status = 'PENDING') = (next_at is not null)),
  constraint webhook_delivery_ends check ((status = 'PENDING') = (ended_at is null))
) with (fillfactor = 70);

-- The heads of the lines of a webhook.
create index webhook_delivery_line on webhook_delivery (webhook_id, line, seq)
  where status = 'PENDING';

-- What is given up, and what is not kept any longer.
create index webhook_delivery_give_up on webhook_delivery (webhook_id, give_up_at)
  where status = 'PENDING';
create index webhook_delivery_ended on webhook_delivery (ended_at) where ended_at is not null;

-- Lists go by webhook, newest first.
create index webhook_delivery_list on webhook_delivery (webhook_id, created_at, id);

-- What was dropped of a clone since something of it arrived.
create index webhook_delivery_clone on webhook_delivery (webhook_id, clone_id, seq);

-- What notifiers have to do: one row per webhook, due when something may be sent.
create table webhook_work (
  id           text        primary key,
  due_at       timestamptz,
  leased_until timestamptz not null default '-infinity',
  lease_seq    bigint      not null default 0,
  attempt      integer     not null default 0,
  error        text,
  -- Failures since a success, each of another line than the one before; and that line.
  failures     integer     not null default 0,
  failed_line  text        not null default '',
  -- How often it was paused since a success, and until when it is.
  pauses       integer     not null default 0,
  paused_until timestamptz not null default '-infinity'
) with (fillfactor = 50);

create index webhook_work_due on webhook_work (due_at, id) where due_at is not null;
