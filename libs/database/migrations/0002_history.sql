-- Something that happened to an aggregate, for ever: outbox, audit trail and watch log in one.
--
-- Written in the transaction of the change, under the aggregate's row lock, so that `insertion` and
-- `seq` rise together within an aggregate. `position` comes after the commit, from the sequencer,
-- and is the only order that readers use. `hash` chains the rows of one aggregate.
create table history (
  insertion  bigint      generated always as identity primary key,
  position   bigint      check (position > 0),
  aggregate  text        not null check (aggregate ~ '^[A-Za-z0-9_-]+$'),
  seq        integer     not null check (seq > 0),
  kind       text        not null check (kind ~ '^[a-z0-9_]+[.][a-z0-9_]+$'),
  actor      text        not null,
  cause      text        not null,
  payload    bytea       not null,
  prev_hash  bytea       not null check (length(prev_hash) in (0, 32)),
  hash       bytea       not null check (length(hash) = 32),
  at         timestamptz not null,
  trace      text        not null,
  constraint history_chain unique (aggregate, seq)
);

-- The order of all readers. Rows without a position are not in it, so that an insert does not pay.
create unique index history_position on history (position) where position is not null;

-- What the sequencer has still to number: nearly always empty.
create index history_unnumbered on history (insertion) where position is null;

-- How far the sequencer has counted. One row, which outlives any pruning of the history.
create table sequencer (
  only_row boolean primary key default true check (only_row),
  position bigint  not null check (position >= 0)
);
insert into sequencer (position) values (0);
