-- What is old enough is removed by its time.
create index used_identity_token_used_at on used_identity_token (used_at);
