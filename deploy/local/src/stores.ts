import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Scope } from '@ramet/service';
import { type Layout, logOf, SERVICES, type ServiceName } from './layout.js';
import { rotate } from './logs.js';
import type { MeshSecrets } from './mesh-secrets.js';
import { type Nats, startNats } from './nats.js';
import { findNats } from './nats-binary.js';
import { type Postgres, startPostgres } from './postgres.js';
import type { Exit } from './process.js';
import { makeRooms } from './rooms.js';

/** Servers to use instead of our own, and programs to use instead of those that would be found. */
export interface Given {
  /** A PostgreSQL server, for a role that may make databases and roles. */
  readonly databaseUrl?: string | undefined;
  /** Where the password for it is, if it is not in the address. */
  readonly databasePasswordFile?: string | undefined;
  readonly natsUrl?: string | undefined;
  readonly natsTokenFile?: string | undefined;
  readonly pgBin?: string | undefined;
  readonly natsProgram?: string | undefined;
  readonly path?: string | undefined;
}

/** The database and the bus that the services of a mesh stand on. */
export interface Stores {
  /** Undefined where a server was given. */
  readonly postgres: Postgres | undefined;
  readonly nats: Nats | undefined;
  databaseUrl(service: ServiceName): string;
  /** For the superuser, with the password: for measuring and tests, never to be printed. */
  readonly adminUrl: string;
  readonly natsUrl: string;
  readonly natsTokenFile: string | undefined;
}

interface StoresOptions {
  readonly layout: Layout;
  readonly secrets: MeshSecrets;
  readonly given: Given;
  readonly ports: { readonly postgres: number; readonly nats: number };
  readonly env: Readonly<Record<string, string>>;
  readonly durable: boolean;
  readonly clock: Clock;
  onUnasked(name: string, exit: Exit): void;
}

const DATABASE = 'ramet';

/** Brings up the database, with a room for each service, and the bus. `scope` ends them. */
export async function startStores(options: StoresOptions, scope: Scope): Promise<Stores> {
  const { postgres, nats } = await ownServers(options, scope);
  const adminUrl = postgres?.adminUrl(DATABASE) ?? givenAdminUrl(options.given);
  const database = new URL(adminUrl).pathname.slice(1);
  const roleOf = (service: ServiceName): string => `${database}_${service}`;
  await makeRooms({
    adminUrl,
    database,
    rooms: SERVICES.map((service) => ({
      schema: service,
      role: roleOf(service),
      password: readFileSync(options.secrets.databasePassword(service), 'utf8'),
    })),
  });
  return {
    postgres,
    nats,
    adminUrl,
    databaseUrl: (service) => withRole(adminUrl, roleOf(service)),
    natsUrl: nats?.url ?? options.given.natsUrl ?? '',
    natsTokenFile: nats ? options.secrets.nats : options.given.natsTokenFile,
  };
}

/** Both at the same time. Should one fail, the other is up and must be ended as well. */
async function ownServers(options: StoresOptions, scope: Scope) {
  const starting = [ownPostgres(options), ownNats(options)] as const;
  const [postgres, nats] = await Promise.allSettled(starting);
  for (const server of [postgres, nats]) {
    if (server.status === 'fulfilled' && server.value) scope.use(server.value);
  }
  if (postgres.status === 'rejected') throw postgres.reason;
  if (nats.status === 'rejected') throw nats.reason;
  return { postgres: postgres.value, nats: nats.value };
}

async function ownPostgres(options: StoresOptions): Promise<Postgres | undefined> {
  const { layout, secrets, given, ports, env, durable, clock, onUnasked } = options;
  if (given.databaseUrl !== undefined) return undefined;
  const logFile = logOf(layout, 'postgres');
  rotate(logFile);
  return startPostgres({
    folder: layout.postgres,
    passwordFile: secrets.postgres,
    port: ports.postgres,
    restart: true,
    ...(given.pgBin !== undefined && { pgBin: given.pgBin }),
    ...{ logFile, env, durable, clock, onUnasked },
  });
}

async function ownNats(options: StoresOptions): Promise<Nats | undefined> {
  const { layout, secrets, given, ports, env, clock, onUnasked } = options;
  if (given.natsUrl !== undefined) return undefined;
  const logFile = logOf(layout, 'nats');
  rotate(logFile);
  return startNats({
    program: findNats({
      program: given.natsProgram,
      path: given.path,
      cache: join(layout.state, 'bin'),
    }),
    folder: layout.nats,
    tokenFile: secrets.nats,
    port: ports.nats,
    restart: true,
    ...{ logFile, env, clock, onUnasked },
  });
}

function givenAdminUrl({ databaseUrl, databasePasswordFile }: Given): string {
  const url = new URL(databaseUrl ?? '');
  if (url.pathname.length <= 1) url.pathname = `/${DATABASE}`;
  if (databasePasswordFile !== undefined) {
    url.password = encodeURIComponent(readFileSync(databasePasswordFile, 'utf8').trim());
  }
  return url.href;
}

function withRole(adminUrl: string, role: string): string {
  const url = new URL(adminUrl);
  url.username = encodeURIComponent(role);
  url.password = '';
  return url.href;
}
