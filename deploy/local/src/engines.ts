export { fastFolder } from './fast-folder.js';
export { type Nats, type NatsOptions, startNats } from './nats.js';
export { findNats, type NatsSearch } from './nats-binary.js';
export { freePort, isFree } from './ports.js';
export { type Postgres, type PostgresOptions, startPostgres } from './postgres.js';
export { findPostgres, type PostgresBinaries } from './postgres-binaries.js';
