-- The exclusive right of one clone to a key, from AuthorizeCloneToUseKey to ReleaseKey.
create table hold (
  key_id     text        not null references key,
  clone_id   text        not null,
  created_at timestamptz not null
);

-- What makes the hold exclusive: at most one per key.
create unique index hold_exclusive on hold (key_id);

-- The right of one execution to sign with the key that its clone holds. Limits are null where
-- there is none. Whatever ends signing writes these rows, and nothing else decides.
create table key_grant (
  id            text        primary key,
  key_id        text        not null references key,
  key_version   integer     not null check (key_version > 0),
  clone_id      text        not null,
  execution_id  text        not null,
  epoch         integer     not null check (epoch > 0),
  operations    text[]      not null check (cardinality(operations) > 0),
  max_uses      bigint      check (max_uses >= 0),
  uses          bigint      not null check (uses >= 0),
  expires_at    timestamptz,
  created_at    timestamptz not null,
  revoked_at    timestamptz,
  revoke_reason text        not null,
  constraint key_grant_within_limits check (uses <= max_uses)
) with (fillfactor = 50);

-- At most one live grant per hold.
create unique index key_grant_live on key_grant (key_id) where revoked_at is null;

-- A grant is made once per execution and epoch: what was revoked is not made again.
create unique index key_grant_execution on key_grant (execution_id, epoch, key_id);

-- Pages of a key's grants.
create index key_grant_page on key_grant (key_id, created_at desc, id desc);

-- How often a clone has released a key, held or not. An authorization that was under way meanwhile
-- sees that the number has changed, and does not open again what was closed.
create table release (
  key_id   text   not null references key,
  clone_id text   not null,
  number   bigint not null check (number > 0),
  primary key (key_id, clone_id)
);
