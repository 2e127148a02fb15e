-- The keys with scopes that a key was made by, and those that made them: it ends with any of them.
alter table api_key add column made_with text[] not null default '{}'
                                         check (cardinality(made_with) <= 4);
