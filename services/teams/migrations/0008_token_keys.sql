-- A public key that tokens are verified with, of the files of all replicas. It signs when it was here
-- for long enough, by this clock, whichever replica has it in its file since when.
create table token_key (
  -- The `kid` of its tokens: its thumbprint (RFC 7638).
  id           text        collate "C" primary key,
  jwk          jsonb       not null,
  published_at timestamptz not null,
  -- When a replica last had it in its file.
  seen_at      timestamptz not null
);
