import pg from 'pg';
import { scramVerifier } from './scram.js';

/** One service's part of a database: a role, and the schema that it owns. */
export interface Room {
  readonly schema: string;
  readonly role: string;
  readonly password: string;
}

interface RoomsOptions {
  /** The address of a database with the rights to make databases and roles. */
  readonly adminUrl: string;
  readonly database: string;
  readonly rooms: readonly Room[];
}

const NO_SUCH_DATABASE = '3D000';

/**
 * Makes the database and each service's role and schema, or brings them up to date.
 *
 * No role can read another's schema. May be repeated: nothing that is there is lost.
 */
export async function makeRooms({ adminUrl, database, rooms }: RoomsOptions): Promise<void> {
  const target = withDatabase(adminUrl, database);
  const client = await connectOr(target, async () => {
    const admin = await connectTo(withDatabase(adminUrl, 'postgres'));
    await admin.query(`create database ${name(database)}`).finally(() => admin.end());
    return connectTo(target);
  });
  try {
    await client.query(`revoke all on database ${name(database)} from public`);
    await client.query('revoke all on schema public from public');
    for (const room of rooms) await makeRoom(client, database, room);
    await countStatements(client);
  } finally {
    await client.end();
  }
}

async function makeRoom(client: pg.Client, database: string, room: Room): Promise<void> {
  const role = name(room.role);
  const known = await client.query('select from pg_roles where rolname = $1', [room.role]);
  if (known.rowCount === 0) await client.query(`create role ${role}`);
  const verifier = pg.escapeLiteral(scramVerifier(room.password));
  await client.query(`alter role ${role} login nosuperuser password ${verifier}`);
  await client.query(`grant connect on database ${name(database)} to ${role}`);
  // Only a member of a role may make something that it owns, where we are no superuser.
  await client.query(`grant ${role} to current_user`);
  await client.query(`create schema if not exists ${name(room.schema)} authorization ${role}`);
  await client.query(
    `alter role ${role} in database ${name(database)} set search_path = ${name(room.schema)}`,
  );
}

/** Statement statistics are for measuring alone: a server without them will do. */
async function countStatements(client: pg.Client): Promise<void> {
  const loaded = await client.query<{ readonly libraries: string }>(
    `select current_setting('shared_preload_libraries') as libraries`,
  );
  if (!loaded.rows[0]?.libraries.includes('pg_stat_statements')) return;
  await client.query('create extension if not exists pg_stat_statements schema public');
}

async function connectOr(url: string, otherwise: () => Promise<pg.Client>): Promise<pg.Client> {
  try {
    return await connectTo(url);
  } catch (thrown) {
    if ((thrown as { readonly code?: string }).code !== NO_SUCH_DATABASE) throw thrown;
    return otherwise();
  }
}

async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}

function withDatabase(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

function name(identifier: string): string {
  return pg.escapeIdentifier(identifier);
}
