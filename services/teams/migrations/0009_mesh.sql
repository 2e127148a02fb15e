-- Which mesh this is, to those outside who sign for one and not for another.
create table mesh (
  only_row boolean primary key default true check (only_row),
  id       text    collate "C" not null check (id ~ '^msh_[0-9a-z]{26}$')
);
insert into mesh (id) values ('msh_' || left(replace(gen_random_uuid()::text, '-', ''), 26));
