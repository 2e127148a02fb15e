-- The layer of overrides that an owner has for all their clones: a row for each who has ever changed
-- it. Of secret ones there are digests; the values lie sealed in `secret`, with the owner as subject.
-- `seq` and `hash` are the head of its chain in `history`, which has the owner's id after `ovr_`.
create table owner_overrides (
  owner_id   text        collate "C" primary key check (owner_id ~ '^(usr|tem)_[0-9a-z]{26}$'),
  -- At most 200, read and written as one.
  overrides  jsonb       not null check (jsonb_typeof(overrides) = 'array'),
  updated_at timestamptz not null,
  -- Zero while its first change is being made.
  seq        integer     not null check (seq >= 0),
  hash       bytea       not null check (length(hash) in (0, 32))
) with (fillfactor = 50);
