-- What the clone may sign with its key: `ramet.keys.v1.GrantLimits`, encoded. Null: nothing was said.
alter table clone add column key_limits bytea;

-- Whose grants are to be renewed.
create index clone_with_key on clone (id) where key_id <> '' and deleted_at is null;
