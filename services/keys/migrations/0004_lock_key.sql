-- Locks a key, deleted or not, until the end of the transaction, and reads it with its hold and the
-- time. It is read by a statement of its own, which sees what was committed before the lock was given.
create function lock_key(p_id text)
returns table (locked key, hold_clone_id text, hold_created_at timestamptz, now timestamptz)
language plpgsql
as $$
begin
  perform 1 from key k where k.id = p_id for no key update;
  return query
  select k, h.clone_id, h.created_at, date_trunc('milliseconds', ramet_now())
  from key k left join hold h on h.key_id = k.id
  where k.id = p_id;
end
$$;
