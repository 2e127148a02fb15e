-- How far the history has been published to a destination.
create table relay (
  name     text   primary key,
  position bigint not null check (position >= 0)
);

-- How far this service has read the history of another one, and which replica is reading it.
create table consumer (
  producer     text        primary key,
  position     bigint      not null check (position >= 0),
  lease_seq    bigint      not null,
  leased_until timestamptz not null
);
