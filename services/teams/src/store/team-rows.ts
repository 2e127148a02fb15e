import type { Tx } from '@ramet/database';
import type { Asker } from '../domain/asker.js';
import { standingOf } from '../domain/role.js';
import type { Candidate, Member, Team, TeamChange, TeamState, TeamView } from '../domain/team.js';
import { teamChanged } from '../events.js';
import { NOW } from './now.js';
import { type By, type Chained, record } from './record.js';
import { deleteMembers, MEMBER, upsertMembers } from './team-members.js';

/** A team whose row is locked, and the end of its chain. */
export interface LockedTeam {
  readonly head: Chained;
  readonly view: TeamView;
}

/** The columns of a team, as SQL over `team t`. */
export const TEAM = `
  t.id, t.name, t.created_at as "createdAt", t.updated_at as "updatedAt",
  t.deleted_at as "deletedAt", t.seq as revision`;

/** Reads a user who may become a member, as SQL. */
export const CANDIDATE = `
  select u.id, u.name, u.team_id as "homeTeamId", u.disabled_at is not null as "isDisabled",
    ${NOW} as now, (
    select count(*)::int from team_member m join team t on t.id = m.team_id
    where m.user_id = u.id and t.deleted_at is null) as "teamCount"
  from mesh_user u where u.id = $1`;

const LOCK = `select ${TEAM}, t.hash, ${NOW} as now from team t where t.id = $1 for no key update`;

// A statement of its own: it sees what was committed while LOCK waited.
const AROUND = `
  select ${MEMBER}, (
    select count(*)::int from bot b where b.team_id = $1 and b.deleted_at is null) as "botCount"
  from team_member m join mesh_user u on u.id = m.user_id
  where m.team_id = $1
  order by m.user_id`;

/**
 * Locks a team and reads all that a decision about it may look at, also for a stranger.
 *
 * `candidate` is the user that the decision may make a member. Undefined: there is no such team.
 */
export async function lockTeam(
  tx: Tx,
  { id, candidate }: { readonly id: string; readonly candidate: string | undefined },
  asker: Asker,
): Promise<LockedTeam | undefined> {
  const [locked] = await tx.query<Team & { hash: Buffer; now: Date }>(LOCK, [id]);
  // Also where there is none: a team that is not seen takes the same statements.
  const around = await tx.query<Member & { botCount: number }>(AROUND, [id]);
  const members = around.map(({ botCount: _, ...member }): Member => member);
  const own = members.find(({ userId }) => userId === asker.id);
  const [user] = candidate ? await tx.query<Candidate>(CANDIDATE, [candidate]) : [];
  if (!locked) return undefined;

  const { hash, now, ...team } = locked;
  const standing = standingOf(own?.role, asker.seesAll);
  const botCount = around[0]?.botCount ?? 0;
  const { seesAll: isOverseen } = asker;
  const view = { team, members, standing, isOverseen, botCount, candidate: user, now };
  return { head: { seq: team.revision, hash }, view };
}

/** Writes what becomes of a team whose row is locked, and records it. */
export async function writeTeam(
  tx: Tx,
  { head, view }: LockedTeam,
  change: TeamChange,
  by: By,
): Promise<TeamState> {
  const revised = { revision: view.team.revision + 1, updatedAt: view.now };
  const state = { ...change.state, team: { ...change.state.team, ...revised } };
  const next = await record(tx, head, teamChanged({ ...change, state }), by);
  await update(tx, state.team, next);
  const { id } = state.team;
  const changed = state.members.filter((member) => !view.members.includes(member));
  await upsertMembers(tx, id, changed);
  const gone = view.members.filter((member) => !isIn(state, member));
  await deleteMembers(tx, id, gone);
  return state;
}

async function update(tx: Tx, team: Team, { seq, hash }: Chained): Promise<void> {
  const sql = 'update team set updated_at = $2, deleted_at = $3, seq = $4, hash = $5 where id = $1';
  await tx.query(sql, [team.id, team.updatedAt, team.deletedAt, seq, hash]);
}

function isIn({ members }: TeamState, { userId }: Member): boolean {
  return members.some((member) => member.userId === userId);
}
