import type { Tx } from '@ramet/database';
import type { Member } from '../domain/team.js';

/** A member's columns, as SQL over `team_member m` and `mesh_user u`. */
export const MEMBER = `
  m.team_id as "teamId", m.user_id as "userId", u.name as "userName", m.role,
  m.created_at as "createdAt", u.disabled_at is not null as "isDisabled"`;

/** Writes members of a team whose row is locked: new ones, and those with another role. */
export async function upsertMembers(
  tx: Tx,
  teamId: string,
  members: readonly Member[],
): Promise<void> {
  if (members.length === 0) return;
  const sql = `
    insert into team_member (team_id, user_id, role, created_at)
    select $1, n.user_id, n.role, n.created_at
    from unnest($2::text[], $3::text[], $4::timestamptz[]) as n (user_id, role, created_at)
    on conflict (team_id, user_id) do update set role = excluded.role`;
  const all = <Value>(of: (member: Member) => Value): Value[] => members.map(of);
  await tx.query(sql, [
    teamId,
    all(({ userId }) => userId),
    all(({ role }) => role),
    all(({ createdAt }) => createdAt),
  ]);
}

/** Takes members out of a team whose row is locked. */
export async function deleteMembers(
  tx: Tx,
  teamId: string,
  members: readonly Member[],
): Promise<void> {
  if (members.length === 0) return;
  const sql = 'delete from team_member where team_id = $1 and user_id = any($2)';
  await tx.query(sql, [teamId, members.map(({ userId }) => userId)]);
}
