-- An owner's log: a Merkle tree (RFC 9162) over the records of what was signed with their keys and
-- what was refused. `mesh` is whose log has the refusals for keys that are not there. `peaks` are
-- the hashes of its complete subtrees, from left to right: what is needed to add to it.
create table log (
  id         bigint  generated always as identity primary key,
  owner_kind text    not null check (owner_kind in ('user', 'team', 'mesh')),
  owner_id   text    not null,
  size       bigint  not null check (size >= 0),
  peaks      bytea[] not null,
  constraint log_owner unique (owner_kind, owner_id)
);

-- An entry of a log: which record it is of, and the hash of that record.
create table log_leaf (
  log_id   bigint not null,
  index    bigint not null check (index >= 0),
  kind     text   not null check (kind in ('signature', 'denial')),
  position bigint not null,
  hash     bytea  not null check (length(hash) = 32),
  primary key (log_id, index),
  constraint log_leaf_once unique (kind, position)
);

-- A complete subtree of a log, on each fourth level above the leaves: those between are made of at
-- most eight of these.
create table log_node (
  log_id bigint  not null,
  height integer not null check (height > 0 and height % 4 = 0),
  index  bigint  not null check (index >= 0),
  hash   bytea   not null check (length(hash) = 32),
  primary key (log_id, height, index)
);

-- What was said of a log, signed. The text is the proof; the rest is to find it by.
create table log_head (
  log_id bigint      not null,
  size   bigint      not null check (size > 0),
  root   bytea       not null check (length(root) = 32),
  at     timestamptz not null,
  note   text        not null,
  primary key (log_id, size)
);

-- A key that heads are signed with, of which the service has the secret; retired: were.
create table log_key (
  generation integer     primary key check (generation > 0),
  verifier   text        not null,
  created_at timestamptz not null,
  retired_at timestamptz
);

-- Up to where all records have an entry. One row; whoever has it locked adds to the logs.
create table log_cursor (
  only_row  boolean primary key default true check (only_row),
  signature bigint  not null check (signature >= 0),
  denial    bigint  not null check (denial >= 0)
);
insert into log_cursor (signature, denial) values (0, 0);

-- The order in which signatures come into logs.
create unique index signature_position on signature (position);
