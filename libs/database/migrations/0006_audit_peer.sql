-- The service that the certificate of a connection to the mesh's listener is of: a token that came
-- with it may be that of another. Empty where no certificate was asked for.
alter table audit add column peer_service text not null default '';
