-- A request that had its effect: the thing it made or changed, and a fingerprint of what it asked.
create table request_id (
  caller      text        not null,
  request_id  text        not null,
  fingerprint bytea       not null,
  resource_id text        not null,
  at          timestamptz not null,
  primary key (caller, request_id)
);

-- Pruning goes by age.
create index request_id_age on request_id (at);
