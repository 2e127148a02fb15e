-- Up to where the heads of a log have been thinned out. A table of its own, as the row of a log is
-- written with each entry.
create table log_thinning (
  log_id bigint primary key,
  size   bigint not null check (size > 0)
);
