-- Who had the clone of a grant created, and the team that it runs in (none: empty): with the right
-- to run it there the creator loses the grant. Grants made before this was noted end with their
-- executions.
alter table key_grant
  add column creator_id text    not null default '',
  add column team_id    text    not null default '',
  add column for_team   boolean not null default false;

-- The live grants that news of a team, or of a user, may end.
create index key_grant_of_team on key_grant (team_id) where revoked_at is null;
create index key_grant_of_creator on key_grant (creator_id) where revoked_at is null;

-- That it was looked, because of news of a team or a user, whose live grants are still right.
-- `number` is that of the last look.
create table rights_look (
  subject_id text   primary key,
  number     bigint not null
);

-- Numbers the looks. It has a value from the start: that of a look that nobody has missed.
create sequence rights_look_number;
select nextval('rights_look_number');

-- Begins a look: whoever authorizes for the subject and has not committed is waited for, and
-- whoever has asked before and comes later is refused. Ends with the transaction.
create function begin_look(p_subject text) returns void
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock(7320002, hashtext(p_subject));
  insert into rights_look (subject_id, number) values (p_subject, nextval('rights_look_number'))
  on conflict (subject_id) do update set number = excluded.number;
end
$$;

-- What may have changed since an authorization asked its questions: how often the clone has released
-- the key, and the last look at any of the subjects. No look begins until the transaction has ended.
create function changes_since(p_key_id text, p_clone_id text, p_subjects text[])
returns table (releases bigint, looks bigint)
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock_shared(7320002, hashtext(subject)) from unnest(p_subjects) as subject;
  return query
  select
    coalesce((select r.number from release r where r.key_id = p_key_id and r.clone_id = p_clone_id), 0),
    coalesce((select max(l.number) from rights_look l where l.subject_id = any (p_subjects)), 0);
end
$$;
