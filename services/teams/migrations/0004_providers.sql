-- An issuer of ID tokens that is trusted, and how far.
create table identity_provider (
  id          text        collate "C" primary key,
  name        text        collate "C" not null,
  kind        text        not null check (kind in ('people', 'ci')),
  issuer      text        collate "C" not null check (issuer <> ''),
  audience    text        collate "C" not null check (audience <> ''),
  algorithms  text[]      not null check (cardinality(algorithms) > 0),
  auto_create boolean     not null,
  rules       jsonb       not null,
  created_at  timestamptz not null,
  constraint identity_provider_name unique (name),
  -- What a token says of itself leads to one provider.
  constraint identity_provider_tokens unique (issuer, audience, kind)
);

-- That somebody at a provider is a user here.
create table linked_identity (
  id          text        collate "C" primary key,
  provider_id text        collate "C" not null references identity_provider on delete cascade,
  subject     text        collate "C" not null check (subject <> ''),
  user_id     text        collate "C" not null references mesh_user,
  created_at  timestamptz not null,
  constraint linked_identity_subject unique (provider_id, subject)
);

-- The identities of one user.
create index linked_identity_of_user on linked_identity (user_id, id);

-- An ID token that a person has logged in with: it is good once.
create table used_identity_token (
  hash    bytea       primary key check (length(hash) = 32),
  used_at timestamptz not null
);

-- What a login began with, if not with an API key. A login whose identity is gone is over.
alter table login add column identity_id text collate "C";
