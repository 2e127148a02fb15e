-- A call that the audit keeps: one that changed something, or was refused. Many refusals of a kind
-- that came at once are one row. Rows are added under a lock, so that whoever has read up to a
-- position has missed none before it; they are never changed, and removed after their retention.
create table audit (
  position       bigint      generated always as identity primary key,
  at             timestamptz not null,
  caller_kind    text        not null
                             check (caller_kind in ('anonymous', 'user', 'service', 'workload')),
  caller_id      text        not null,
  admin          boolean     not null,
  on_behalf_of   text        not null,
  token_id       text        not null,
  peer           text        not null,
  action         text        not null,
  method         text        not null,
  targets        text[]      not null check (cardinality(targets) <= 20),
  code           text        not null,
  reason         text        not null,
  count          integer     not null check (count > 0),
  correlation_id text        not null,
  trace_id       text        not null
);

-- What somebody did, and what was done to something.
create index audit_caller on audit (caller_id, position desc);
create index audit_behalf on audit (on_behalf_of, position desc) where on_behalf_of <> '';
create index audit_targets on audit using gin (targets);

-- What has outlived its retention.
create index audit_at on audit (at);

-- The last position that was removed, so that whoever reads on after an older one is told.
create table audit_pruned (
  position bigint not null
);

create unique index audit_pruned_one on audit_pruned ((true));

insert into audit_pruned (position) values (0);
