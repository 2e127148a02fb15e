-- The refresh token of a login that was not used yet: its newest.
create index refresh_token_unused on refresh_token (login_id, expires_at) where used_at is null;
-- What is old enough is removed by when it has expired, and a login with its newest token.
create index refresh_token_expired on refresh_token (expires_at);

-- The logins of a user that were not ended: no more than a few hundred, however many they begin.
drop index login_of_user;
create index login_of_user on login (user_id) where revoked_at is null;
