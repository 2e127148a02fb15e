import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemIds } from '@ramet/service';
import type { BenchCaller } from './calls.js';
import { connectTo } from './durable-postgres.js';
import type { LifeMesh } from './life-mesh.js';
import { createIssuer, type Issuer } from './tokens.js';

/** What signs like teams of a mesh, with its key. */
export function issuerOf({ mesh }: Pick<LifeMesh, 'mesh'>): Issuer & { readonly pkcs8: string } {
  return createIssuer(readFileSync(join(mesh.layout.secrets, 'token-key.pem'), 'utf8'));
}

/** Makes ADMINs of the team, by SQL: many at once, and their past is empty. */
export async function createMembers(
  { adminUrl, teamId }: Pick<LifeMesh, 'adminUrl' | 'teamId'>,
  count: number,
): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => systemIds.make('usr'));
  await using client = await connectTo(adminUrl);
  await client.query('set search_path = teams');
  await client.query(USERS, [ids]);
  await client.query(MEMBERS, [teamId, ids]);
  return ids;
}

/** Users as callers, each with a token that nobody has seen yet. */
export function callersOf(
  issuer: Issuer,
  users: readonly string[],
  keyId: string,
): readonly BenchCaller[] {
  return users.map((sub) => {
    const made = { ver: 1, crd: [systemIds.make('apk')], jti: systemIds.make('tok') };
    return { keyId, token: issuer.token({ sub, kind: 'user', adm: false, ...made }) };
  });
}

const USERS = `
  insert into mesh_user (id, name, admin, created_at, updated_at, seq, hash)
  select id, replace(id, '_', '-'), false, now(), now(), 1, sha256(id::bytea)
  from unnest($1::text[]) as id`;

const MEMBERS = `
  insert into team_member (team_id, user_id, role, created_at)
  select $1, id, 'admin', now() from unnest($2::text[]) as id`;
