-- The offer of a place in a team. Of its code only the hash is kept: the code has 178 random bits.
-- `seq` and `hash` are the head of its chain in `history`.
create table invitation (
  id          text        collate "C" primary key,
  team_id     text        collate "C" not null references team,
  role        text        not null check (role in ('owner', 'admin', 'member')),
  user_id     text        collate "C" references mesh_user,
  inviter_id  text        collate "C" not null references mesh_user,
  prefix      text        not null,
  code_hash   bytea       not null check (length(code_hash) = 32),
  created_at  timestamptz not null,
  expires_at  timestamptz not null check (expires_at > created_at),
  outcome     text        check (outcome in ('accepted', 'declined', 'revoked')),
  closed_at   timestamptz,
  accepted_by text        collate "C" references mesh_user,
  seq         integer     not null check (seq > 0),
  hash        bytea       not null check (length(hash) = 32),
  check ((outcome is null) = (closed_at is null)),
  check ((outcome is not distinct from 'accepted') = (accepted_by is not null))
);

-- What it is accepted by.
create unique index invitation_code on invitation (code_hash);

-- The invitations of one team, page by page.
create index invitation_of_team on invitation (team_id, id);

-- The invitations that are for one user, page by page.
create index invitation_of_user on invitation (user_id, id) where user_id is not null;
