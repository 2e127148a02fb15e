-- One individual of the colony, with the head of its history.
create table ramet (
  id   text    primary key,
  size integer not null default 0,
  seq  integer not null default 0,
  hash bytea   not null default ''
);

-- What is to be done for ramets.
create table work (
  id           text        primary key,
  due_at       timestamptz,
  leased_until timestamptz not null default '-infinity',
  lease_seq    bigint      not null default 0,
  attempt      integer     not null default 0,
  error        text,
  host_id      text
) with (fillfactor = 50);
create index work_due on work (due_at, id) where due_at is not null;
