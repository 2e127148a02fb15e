-- How far a key has come in its life, and when it may be used. A key that was deleted waits until
-- `purge_at`; then its secrets are destroyed.
alter table key
  add column disabled_at    timestamptz,
  add column valid_from     timestamptz,
  add column valid_until    timestamptz,
  -- Its owner's choice for the venue: not among the keys that are offered to clones.
  add column is_default     boolean     not null default false,
  -- The version of the venue's terms that were accepted with it. Empty: none were asked for.
  add column accepted_terms text        not null default '',
  add column purge_at       timestamptz,
  add column destroyed_at   timestamptz,
  add constraint key_validity check (valid_from < valid_until);

-- Keys that were deleted before there was a wait were destroyed at once.
update key set purge_at = deleted_at, destroyed_at = deleted_at where deleted_at is not null;

alter table key
  add constraint key_waits_when_deleted check ((deleted_at is null) = (purge_at is null)),
  add constraint key_destroyed_when_deleted
    check (destroyed_at is null or deleted_at is not null);

create unique index key_default on key (owner_kind, owner_id, venue)
  where is_default and deleted_at is null;

-- What is to be destroyed.
create index key_purge on key (purge_at) where purge_at is not null and destroyed_at is null;

-- Each version has a public key, a name at the venue and an origin of its own. One that was replaced
-- signs until `retire_at` for the grants that have it; the newest one has none.
alter table key_version
  add column owner_kind   text,
  add column owner_id     text,
  add column fingerprint  bytea check (length(fingerprint) = 32),
  -- Whether no other key of the owner may have this secret: while it could sign again.
  add column is_taken     boolean not null default true,
  add column public_key   bytea,
  add column venue_key_id text,
  add column origin       text check (origin in ('generated', 'imported')),
  add column retire_at    timestamptz;

update key_version v
set owner_kind = k.owner_kind, owner_id = k.owner_id, fingerprint = k.fingerprint,
    is_taken = k.deleted_at is null, public_key = k.public_key, venue_key_id = k.venue_key_id,
    origin = k.origin
from key k where k.id = v.key_id;

alter table key_version
  alter column owner_kind set not null,
  alter column owner_id set not null,
  alter column fingerprint set not null,
  alter column public_key set not null,
  alter column venue_key_id set not null,
  alter column origin set not null;

drop index key_fingerprint;
alter table key drop column fingerprint;

-- One secret is one version of one key of an owner: two keys of it would be held by two clones. The
-- fingerprint is keyed, so that no secret can be guessed from it.
create unique index key_fingerprint on key_version (owner_kind, owner_id, fingerprint)
  where is_taken;

-- What is to be destroyed.
create index key_version_retire on key_version (retire_at)
  where retire_at is not null and destroyed_at is null;

-- The newest versions of a key, without their secrets, the newest first.
create function versions_of(p_key_id text) returns jsonb
language sql stable
as $$
  select jsonb_agg(v order by v.number desc)
  from (
    select version as number, origin, encode(public_key, 'base64') as public_key, venue_key_id,
           created_at, retire_at, destroyed_at
    from key_version where key_id = p_key_id
    order by version desc limit 20
  ) as v
$$;

drop function lock_key(text);

-- Locks a key, deleted or not, until the end of the transaction, and reads it with its versions, its
-- hold and the time. It is read by a statement of its own, which sees what was committed before the
-- lock was given.
create function lock_key(p_id text)
returns table (
  locked          key,
  versions        jsonb,
  hold_clone_id   text,
  hold_created_at timestamptz,
  now             timestamptz
)
language plpgsql
as $$
begin
  perform 1 from key k where k.id = p_id for no key update;
  return query
  select k, versions_of(k.id), h.clone_id, h.created_at, date_trunc('milliseconds', ramet_now())
  from key k left join hold h on h.key_id = k.id
  where k.id = p_id;
end
$$;
