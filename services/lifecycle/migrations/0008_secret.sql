-- A secret value, sealed: of an override, or the address of an input. Part of no history.
create table secret (
  -- Whose it is: an owner, for their layer of overrides, or a clone.
  subject text  collate "C" not null check (subject ~ '^(usr|tem|cln)_[0-9a-z]{26}$'),
  -- Names the value, and tells nothing of it: keyed, and bound to who has set it as what.
  digest  text  collate "C" not null check (digest ~ '^[0-9a-f]{64}$'),
  -- Opens for this subject and digest alone.
  sealed  bytea not null,
  primary key (subject, digest)
);

-- They do not compress: they look random.
alter table secret alter column sealed set storage external;
