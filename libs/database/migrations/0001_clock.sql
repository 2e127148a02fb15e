-- The one clock: every expiry, deadline, lease and rate compares with it.
--
-- A session may move it (`ramet.clock_offset`, an interval) or stop it (`ramet.now`, a time), and
-- nothing else in a schema reads a clock. It is declared stable so that an index on a time can be
-- used; within a statement it may still advance, so what must agree is read once.
create function ramet_now() returns timestamptz
language plpgsql stable parallel safe as $$
begin
  return coalesce(
    nullif(current_setting('ramet.now', true), '')::timestamptz,
    clock_timestamp()
      + coalesce(nullif(current_setting('ramet.clock_offset', true), '')::interval, interval '0')
  );
end
$$;
