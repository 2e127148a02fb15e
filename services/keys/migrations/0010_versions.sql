-- The versions of a key without their secrets, the newest first: the newest 20, and all others whose
-- secrets are there. Whoever changes a key must see every secret that it has.
create or replace function versions_of(p_key_id text) returns jsonb
language sql stable
as $$
  select jsonb_agg(v order by v.number desc)
  from (
    select version as number, origin, encode(public_key, 'base64') as public_key, venue_key_id,
           created_at, retire_at, destroyed_at
    from key_version
    where key_id = p_key_id
      and (destroyed_at is null
           or version > (select k.version from key as k where k.id = p_key_id) - 20)
  ) as v
$$;

-- The secrets that are there, for whoever changes a key that has had many.
create index key_version_there on key_version (key_id, version) where destroyed_at is null;

-- What is to be destroyed, in the order in which it is due.
drop index key_version_retire;
create index key_version_retire on key_version (retire_at, key_id, version)
  where retire_at is not null and destroyed_at is null;
drop index key_purge;
create index key_purge on key (purge_at, id) where purge_at is not null and destroyed_at is null;
