-- Where an owner stands with the administrators: on the deny list, on the access list, on both or,
-- once taken off, on neither. Written under the lock of the owner's row. `seq` and `hash` are the
-- head of a chain in `history` of its own: changes of it are none of the user or the team.
create table standing (
  owner_id      text        collate "C" primary key,
  user_id       text        collate "C" references mesh_user,
  team_id       text        collate "C" references team,
  denied_reason text        check (length(denied_reason) between 1 and 500),
  denied_by     text,
  denied_at     timestamptz,
  access_kinds  text[]      check (
    access_kinds <@ array['bot', 'workflow', 'environment', 'instance']
    and cardinality(access_kinds) > 0),
  access_reason text        check (length(access_reason) between 1 and 500),
  access_by     text,
  access_at     timestamptz,
  actor         text        not null,
  reason        text        not null check (length(reason) between 1 and 500),
  updated_at    timestamptz not null,
  seq           integer     not null check (seq > 0),
  hash          bytea       not null check (length(hash) = 32),
  check (num_nonnulls(user_id, team_id) = 1 and owner_id = coalesce(user_id, team_id)),
  check (num_nulls(denied_reason, denied_by, denied_at) in (0, 3)),
  check (num_nulls(access_kinds, access_reason, access_by, access_at) in (0, 4))
);

-- The deny list, page by page. Who was taken off a list is not on its pages.
create index standing_denied on standing (owner_id) where denied_at is not null;

-- The access list, page by page.
create index standing_access on standing (owner_id) where access_at is not null;
