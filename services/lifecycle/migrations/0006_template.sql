-- A template, as it is now, without its specs. `seq` and `hash` are the head of its chain in
-- `history`: the newest entry there gives this row and its newest revision.
create table template (
  id          text        collate "C" primary key check (id ~ '^tpl_[0-9a-z]{26}$'),
  -- A user or a team: the prefix tells which.
  owner_id    text        collate "C" not null check (owner_id ~ '^(usr|tem)_[0-9a-z]{26}$'),
  name        text        collate "C" not null check (name ~ '^[a-z]([a-z0-9-]*[a-z0-9])?$'),
  kind        text        not null constraint template_kind
    check (kind in ('BOT', 'WORKFLOW', 'ENVIRONMENT', 'INSTANCE')),
  description text        not null,
  -- Whether everybody may make clones of it.
  shared      boolean     not null,
  labels      jsonb       not null,
  -- The newest.
  revision    integer     not null check (revision > 0),
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  deleted_at  timestamptz,
  seq         integer     not null check (seq >= revision),
  hash        bytea       not null check (length(hash) = 32)
) with (fillfactor = 70);

-- A name is free again when its template is deleted.
create unique index template_name on template (owner_id, name) where deleted_at is null;

-- Lists go by owner, newest first, as ids rise with time. Shared ones come with them.
create index template_list on template (owner_id, id) where deleted_at is null;
create index template_shared on template (id) where shared and deleted_at is null;

-- What clones of a template are, once and for all: clones pin a revision.
create table template_revision (
  template_id text        collate "C" not null references template (id),
  revision    integer     not null check (revision > 0),
  spec        jsonb       not null,
  created_at  timestamptz not null,
  primary key (template_id, revision)
);
