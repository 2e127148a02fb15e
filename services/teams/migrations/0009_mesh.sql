-- Which mesh this is, to those outside who sign for one and not for another. Made at the first start.
create table mesh (
  only_row boolean primary key default true check (only_row),
  id       text    collate "C" not null check (id ~ '^msh_[0-9a-z]{26}$')
);
