-- What a workload is given beside its source, its parameters and its limits: nothing secret.
alter table workload add column setup jsonb;

update workload
set setup = '{"stage":"main","fetchInputs":false,"inputs":[],"overrides":[],"hasSecrets":false,"ports":[],"keepResults":false}',
    limits = limits || '{"cpuMillis":1000,"storageBytes":1073741824}'
where limits is not null;

-- What fetches inputs has no source.
alter table workload
  drop constraint workload_made,
  add constraint workload_made check (state = 'removed' or (limits is not null and setup is not null and slot is not null));

-- A storage: the folders of a clone that outlive its executions, as it is now. Committed before the
-- folders exist; whatever is found outside has a row here. Its past is in `history`, what its host
-- has to do about it in `work`, by the id of the clone.
create table storage (
  clone_id    text        primary key,
  host_id     text        not null,
  state       text        not null check (state in ('present', 'removing', 'removed')),
  fresh_epoch integer     not null check (fresh_epoch >= 0),
  seq         integer     not null check (seq > 0),
  hash        bytea       not null,
  created_at  timestamptz not null,
  removed_at  timestamptz,

  constraint storage_removed check ((state = 'removed') = (removed_at is not null))
) with (fillfactor = 70);

-- What may exist on a host.
create index storage_host on storage (host_id, clone_id) where state <> 'removed';
