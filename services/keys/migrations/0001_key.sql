-- A key, as it is now, without its secret. Its past, and that of its hold and grants, is in
-- `history`; `seq` and `hash` are the head of it.
create table key (
  id           text        primary key,
  owner_kind   text        not null check (owner_kind in ('user', 'team')),
  owner_id     text        not null,
  name         text        not null,
  algorithm    text        not null check (algorithm in ('hmac_sha256', 'hmac_sha512', 'ed25519')),
  venue        text        not null,
  venue_key_id text        not null,
  public_key   bytea       not null,
  origin       text        not null check (origin in ('generated', 'imported')),
  fingerprint  bytea       not null check (length(fingerprint) = 32),
  labels       jsonb       not null,
  version      integer     not null check (version > 0),
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  deleted_at   timestamptz,
  seq          integer     not null check (seq > 0),
  hash         bytea       not null check (length(hash) = 32)
);

-- A name is free again once its key is deleted.
create unique index key_name on key (owner_kind, owner_id, name) where deleted_at is null;

-- One secret is one key of an owner: two of them would be held by two clones. The fingerprint is
-- keyed, so that no secret can be guessed from it.
create unique index key_fingerprint on key (owner_kind, owner_id, fingerprint)
  where deleted_at is null;

-- Pages of an owner's keys.
create index key_page on key (owner_kind, owner_id, id) where deleted_at is null;

-- The secret of a version of a key: sealed with a data key of its own, which is wrapped by the
-- key-encryption key named. A version is destroyed with its key: the row stays, the secret goes.
create table key_version (
  key_id       text        not null references key,
  version      integer     not null check (version > 0),
  kek_id       text        not null,
  wrapped_key  bytea,
  sealed       bytea,
  created_at   timestamptz not null,
  destroyed_at timestamptz,
  primary key (key_id, version),
  constraint key_version_destroyed
    check ((destroyed_at is null) = (sealed is not null) and (sealed is null) = (wrapped_key is null))
);

-- A secret of the service itself, sealed likewise. That they open at the start proves the
-- key-encryption key.
create table service_secret (
  name        text        primary key,
  kek_id      text        not null,
  wrapped_key bytea       not null,
  sealed      bytea       not null,
  created_at  timestamptz not null
);
