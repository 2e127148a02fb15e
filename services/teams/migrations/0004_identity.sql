-- What tokens of a key are good for. Empty: all that its user may do.
alter table api_key add column scopes text[] not null default '{}';

-- What goes on from one refresh token to the next: it begins with a credential, and ends when it is
-- revoked, at its end, or when its newest refresh token does.
create table login (
  id         text        collate "C" primary key,
  user_id    text        collate "C" not null references mesh_user,
  api_key_id text        collate "C" references api_key,
  scopes     text[]      not null,
  -- With this, and only with a refresh token, the next one can be made: so it need not be kept.
  secret     bytea       not null check (length(secret) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);

-- The logins of one user, and those that are over.
create index login_of_user on login (user_id, expires_at);

-- A refresh token. Those that were used stay, so that one who shows a stolen one is seen.
create table refresh_token (
  hash       bytea       primary key check (length(hash) = 32),
  login_id   text        collate "C" not null references login on delete cascade,
  generation integer     not null check (generation > 0),
  expires_at timestamptz not null,
  used_at    timestamptz,
  unique (login_id, generation)
);

-- How many revocations there ever were. Its lock lets them commit in the order of their numbers.
create table revocation_head (
  only_row boolean primary key default true check (only_row),
  seq      bigint  not null
);
insert into revocation_head (seq) values (0);

-- A token, a credential or a user whose tokens are not accepted any more. Needed for as long as a
-- token can last.
create table revocation (
  seq         bigint      primary key,
  subject     text        collate "C" not null,
  -- Of a user: tokens of this version or a later one are good again.
  min_version integer     check (min_version > 0),
  at          timestamptz not null
);
