-- The KEKs that there are or were, by id. `wraps` is never fewer than the data keys that each has
-- wrapped: replicas add to it in blocks, before they wrap. Under a retired one nothing is sealed.
create table kek (
  id         text        primary key,
  wraps      bigint      not null check (wraps >= 0),
  created_at timestamptz not null,
  retired_at timestamptz
);

insert into kek (id, wraps, created_at)
select kek_id, sum(count)::bigint, ramet_now()
from (
  select kek_id, count(*) from key_version group by kek_id
  union all
  select kek_id, count(*) from service_secret group by kek_id
) as used
group by kek_id;

-- When each secret got the data key that it has: a rotation of data keys takes those from before it.
alter table key_version add column data_key_at timestamptz not null default ramet_now();
alter table service_secret add column data_key_at timestamptz not null default ramet_now();

-- Refuses a secret under a retired KEK, which a replica that was away might still seal with. The lock
-- makes whoever retires the KEK wait, and then see the row.
create function require_live_kek() returns trigger
language plpgsql
as $$
begin
  perform 1 from kek where id = new.kek_id and retired_at is null for share;
  if not found then
    raise exception 'the KEK % is retired, or was never used', new.kek_id
      using errcode = 'check_violation', constraint = 'kek_live';
  end if;
  return new;
end
$$;

create trigger key_version_kek before insert or update of kek_id on key_version
  for each row execute function require_live_kek();
create trigger service_secret_kek before insert or update of kek_id on service_secret
  for each row execute function require_live_kek();

-- What holds for the secrets of all replicas: one row. Its past is in `history`; `seq` and `hash` are
-- the head of it. The first KEK is entered at the first start, without a history.
create table seal (
  id                 text        primary key check (id = 'keys'),
  sealed             boolean     not null,
  changed_by         text        not null,
  reason             text        not null,
  changed_at         timestamptz,
  kek_id             text        not null,
  rotation_kek_id    text,
  rotation_data_keys boolean,
  rotation_total     bigint,
  rotation_by        text,
  rotation_reason    text,
  rotation_at        timestamptz,
  rotated_at         timestamptz,
  seq                integer     not null check (seq >= 0),
  hash               bytea       not null,
  constraint seal_rotation check (
    num_nulls(rotation_kek_id, rotation_data_keys, rotation_total, rotation_by, rotation_reason,
              rotation_at) in (0, 6)
    and (rotation_at is not null or rotated_at is null))
);

insert into seal (id, sealed, changed_by, reason, kek_id, seq, hash)
select 'keys', false, '', '', coalesce((select kek_id from service_secret where name = 'digests'), ''),
       0, ''::bytea;

-- The replicas that run, as each last said. `seal_seq` is the change of the seal that it has acted upon.
create unlogged table replica (
  id       text        primary key,
  state    text        not null,
  kek_ids  text[]      not null,
  kek_id   text        not null,
  seal_seq integer     not null,
  seen_at  timestamptz not null
);
