-- A user may be disabled, and may be a service account: of one team, which no person logs in as.
alter table mesh_user
  add column disabled_at     timestamptz,
  add column disabled_reason text check (length(disabled_reason) between 1 and 500),
  add column team_id         text collate "C" references team,
  add column deleted_at      timestamptz,
  add check ((disabled_at is null) = (disabled_reason is null)),
  add check (team_id is null or not admin),
  add check (deleted_at is null or team_id is not null);

-- People have names of their own in the mesh, service accounts in their team.
drop index user_name;
create unique index user_name on mesh_user (name) where team_id is null;
create unique index service_account_name on mesh_user (team_id, name)
  where team_id is not null and deleted_at is null;

-- The service accounts of one team, page by page.
create index service_account_of_team on mesh_user (team_id, id)
  where team_id is not null and deleted_at is null;
