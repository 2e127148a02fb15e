-- A person who uses the mesh. `seq` and `hash` are the head of the person's chain in `history`.
create table mesh_user (
  id         text        collate "C" primary key,
  name       text        collate "C" not null,
  admin      boolean     not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  seq        integer     not null check (seq > 0),
  hash       bytea       not null check (length(hash) = 32),
  check (name ~ '^[a-z]([a-z0-9-]*[a-z0-9])?$' and length(name) <= 40)
);

-- Decides who wins when two want the same name.
create unique index user_name on mesh_user (name);

-- That the mesh has its first administrator. One row at most, for ever: it decides the race.
create table bootstrap (
  only_row boolean     primary key default true check (only_row),
  user_id  text        collate "C" not null references mesh_user deferrable initially deferred,
  at       timestamptz not null
);

-- A credential of a user. Only its hash is kept: the key has 178 random bits, so nobody guesses it.
create table api_key (
  id         text        collate "C" primary key,
  user_id    text        collate "C" not null references mesh_user,
  name       text        not null check (length(name) <= 100),
  prefix     text        not null,
  hash       bytea       not null check (length(hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);

-- What a token is exchanged by.
create unique index api_key_hash on api_key (hash);

-- The keys of one user, page by page.
create index api_key_of_user on api_key (user_id, id);

-- A team. Its chain in `history` also tells who was in it.
create table team (
  id         text        collate "C" primary key,
  name       text        collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  seq        integer     not null check (seq > 0),
  hash       bytea       not null check (length(hash) = 32),
  check (name ~ '^[a-z]([a-z0-9-]*[a-z0-9])?$' and length(name) <= 40)
);

-- A deleted team gives its name free.
create unique index team_name on team (name) where deleted_at is null;

-- A user's place in a team. Written under the lock of the team's row.
create table team_member (
  team_id    text        collate "C" not null references team,
  user_id    text        collate "C" not null references mesh_user,
  role       text        not null check (role in ('owner', 'admin', 'member')),
  created_at timestamptz not null,
  primary key (team_id, user_id)
);

-- The teams of one user, on the path of every create.
create index team_member_of_user on team_member (user_id, team_id);

-- A bot of a team. `team_source` is what clones of the team run.
create table bot (
  id          text        collate "C" primary key,
  team_id     text        collate "C" not null references team,
  name        text        collate "C" not null,
  team_source jsonb,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  deleted_at  timestamptz,
  seq         integer     not null check (seq > 0),
  hash        bytea       not null check (length(hash) = 32),
  check (name ~ '^[a-z]([a-z0-9-]*[a-z0-9])?$' and length(name) <= 40)
);

-- A deleted bot gives its name free.
create unique index bot_name on bot (team_id, name) where deleted_at is null;

-- The bots of one team, page by page.
create index bot_of_team on bot (team_id, id) where deleted_at is null;

-- What the personal clones of one user run. Written under the lock of the bot's row.
create table personal_source (
  bot_id  text  collate "C" not null references bot,
  user_id text  collate "C" not null references mesh_user,
  source  jsonb not null,
  primary key (bot_id, user_id)
);
