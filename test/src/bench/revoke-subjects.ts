import { CreateApiKeyRequest, TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import type { BenchCaller, CallKind } from './calls.js';
import { connectTo } from './durable-postgres.js';
import { createKey, type LifeMesh } from './life-mesh.js';
import { callersOf, createMembers, issuerOf } from './members.js';

/** Something to take away, once: who loses what by it, and how. */
export interface Subject {
  readonly kind: CallKind;
  readonly caller: BenchCaller;
  revoke(): Promise<unknown>;
}

/** A kind of things to take away. */
export interface SubjectKind {
  readonly name: string;
  /** How late the last accepted call may be, in milliseconds, after the call has returned. */
  readonly boundMs: number;
  make(): Promise<Subject>;
}

/** What is effective when the call returns. */
const AT_ONCE = 0;
/** What is effective everywhere within a second. */
const WITHIN_MS = 1_000;

/** All that can be taken away from a caller of keys. */
export async function subjectKinds(mesh: LifeMesh): Promise<readonly SubjectKind[]> {
  const teamKey = await createKey(mesh.api, { owner: { $case: 'teamId', value: mesh.teamId } });
  const ownKey = await createKey(mesh.api, mesh.owner);
  const { api, adminApi, teamId, userId } = mesh;
  return [
    {
      name: 'RevokeGrant',
      boundMs: AT_ONCE,
      async make() {
        const { caller, grantId } = await grantTo(mesh, userId);
        const request = { grantId, executionId: '', reason: 'bench' };
        return { kind: 'sign', caller, revoke: () => api.keys.revokeGrant(request) };
      },
    },
    {
      name: 'RemoveTeamMember, their clone',
      boundMs: WITHIN_MS,
      async make() {
        const [member = ''] = await createMembers(mesh, 1);
        const { caller } = await grantTo(mesh, member);
        const request = { teamId, userId: member };
        return { kind: 'sign', caller, revoke: () => api.teams.removeTeamMember(request) };
      },
    },
    {
      name: 'RemoveTeamMember, themselves',
      boundMs: WITHIN_MS,
      async make() {
        const users = await createMembers(mesh, 1);
        const [caller] = callersOf(issuerOf(mesh), users, teamKey);
        const request = { teamId, userId: users[0] ?? '' };
        return asked(caller, () => api.teams.removeTeamMember(request));
      },
    },
    {
      name: 'RevokeApiKey',
      boundMs: WITHIN_MS,
      async make() {
        const { id, secret } = await apiKeyOf(mesh, userId);
        await using tokens = tokensOf(mesh);
        const { token } = await tokens.exchangeToken({ apiKey: secret });
        return asked({ token, keyId: ownKey }, () => api.users.revokeApiKey({ id }));
      },
    },
    {
      name: 'Logout',
      boundMs: WITHIN_MS,
      async make() {
        const { secret } = await apiKeyOf(mesh, userId);
        await using tokens = tokensOf(mesh);
        const { token } = await tokens.logIn({ credential: { $case: 'apiKey', value: secret } });
        return asked({ token, keyId: ownKey }, () => api.users.logout({}, { token }));
      },
    },
    {
      name: 'DisableUser',
      boundMs: WITHIN_MS,
      async make() {
        const users = await createMembers(mesh, 1);
        const [caller] = callersOf(issuerOf(mesh), users, teamKey);
        const request = { id: users[0] ?? '', reason: 'bench' };
        return asked(caller, () => adminApi.users.disableUser(request));
      },
    },
  ];
}

function asked(caller: BenchCaller | undefined, revoke: Subject['revoke']): Subject {
  if (!caller) throw new Error('nobody was made');
  return { kind: 'getKey', caller, revoke };
}

async function apiKeyOf({ api }: LifeMesh, userId: string) {
  const name = systemIds.make('k');
  const wish = CreateApiKeyRequest.fromPartial({ userId, name });
  const { apiKey, secret } = await api.users.createApiKey(wish);
  return { id: apiKey?.id ?? '', secret };
}

function tokensOf({ mesh }: LifeMesh) {
  return connect(TokenServiceService, mesh.endpoints.teams.address);
}

/**
 * A workload with a grant for a key of its own, made by SQL as AuthorizeCloneToUseKey would:
 * there is no clone, so nobody ends it.
 */
export async function grantTo(
  mesh: LifeMesh,
  creatorId: string,
): Promise<{ readonly caller: BenchCaller; readonly grantId: string }> {
  const keyId = await createKey(mesh.api, mesh.owner);
  const [cloneId, executionId, grantId] = [
    systemIds.make('cln'),
    systemIds.make('exe'),
    systemIds.make('gra'),
  ];
  await using client = await connectTo(mesh.adminUrl);
  await client.query('set search_path = keys');
  await client.query(HOLD, [keyId, cloneId]);
  await client.query(GRANT, [grantId, keyId, cloneId, executionId, creatorId, mesh.teamId]);
  const claims = { sub: executionId, kind: 'workload', cln: cloneId, exe: executionId, epo: 1 };
  return { caller: { keyId, token: issuerOf(mesh).token(claims) }, grantId };
}

const HOLD = 'insert into hold (key_id, clone_id, created_at) values ($1, $2, ramet_now())';
const GRANT = `
  insert into key_grant (id, key_id, key_version, clone_id, execution_id, epoch, operations, uses,
                         expires_at, lease_until, created_at, revoke_reason, creator_id, team_id)
  values ($1, $2, 1, $3, $4, 1, '{raw}', 0, ramet_now() + interval '1 day',
          ramet_now() + interval '1 day', ramet_now(), '', $5, $6)`;
