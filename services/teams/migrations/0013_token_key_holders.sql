-- Which replica has a key in its file: a key stays published until the last of them has it no more.
create table token_key_holder (
  key_id  text        collate "C" not null references token_key on delete cascade,
  -- Made by the replica when it starts.
  replica text        collate "C" not null,
  -- When that replica last had it in its file.
  seen_at timestamptz not null,
  primary key (key_id, replica)
);
