-- How often an identity provider was changed, and when last.
alter table identity_provider
  add column revision   integer     not null default 1 check (revision > 0),
  add column updated_at timestamptz;
update identity_provider set updated_at = created_at;
alter table identity_provider alter column updated_at set not null;
