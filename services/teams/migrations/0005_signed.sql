-- A program elsewhere that signs its requests with an Ethereum key. Its past is in `history`; `seq`
-- and `hash` are the head of it.
create table provider (
  id          text        collate "C" primary key,
  name        text        collate "C" not null,
  address     text        collate "C" not null check (address ~ '^0x[0-9a-f]{40}$'),
  user_id     text        collate "C" not null references mesh_user,
  actions     text[]      not null check (cardinality(actions) between 1 and 50),
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  disabled_at timestamptz,
  seq         integer     not null check (seq > 0),
  hash        bytea       not null check (length(hash) = 32)
);

create unique index provider_name on provider (name);
create unique index provider_address on provider (address);

-- The largest nonce that a provider has used.
create table provider_nonce (
  provider_id text   collate "C" primary key references provider,
  nonce       bigint not null check (nonce > 0)
);
