-- When a token or a login was made of a key, to within a minute. Not before this was kept.
alter table api_key add column last_used_at timestamptz;
