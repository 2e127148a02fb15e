-- The logins of an identity that were not ended.
create index login_of_identity on login (identity_id) where revoked_at is null and identity_id is not null;
