-- For the list of what can be taken back: the deleted keys of an owner, by id.
create index key_deleted on key (owner_kind, owner_id, id)
  where deleted_at is not null and destroyed_at is null;
