-- Whoever is asked about a token looks for its subjects; what is old enough is removed by its time.
create index revocation_subject on revocation (subject);
create index revocation_at on revocation (at);
