-- The end of an identity provider's chain in `history`, which also tells whom it was said to vouch
-- for. The chain of one that is older than this begins with what happens to it next.
alter table identity_provider
  add column seq  integer not null default 0 check (seq >= 0),
  add column hash bytea   not null default '' check (length(hash) in (0, 32));
