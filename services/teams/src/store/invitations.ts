import { timingSafeEqual } from 'node:crypto';
import { type Database, NO_HISTORY, type Queries, type Tx } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Asker, Once, Page, PageAsk } from '../domain/asker.js';
import {
  accept,
  decline,
  type Invitation,
  type InvitationWish,
  invite,
  takeBack,
  unseen,
} from '../domain/invitation.js';
import { type Role, requireRight, standingOf } from '../domain/role.js';
import type { Member } from '../domain/team.js';
import { invitationChanged } from '../events.js';
import { list } from './list.js';
import { NOW, readNow } from './now.js';
import { claim } from './once.js';
import { type By, type Chained, record } from './record.js';
import { lockTeam, writeTeam } from './team-rows.js';

/** An invitation as it is now, by the database's clock. */
export interface Shown {
  readonly invitation: Invitation;
  readonly now: Date;
}

/** What an invitation is found by: its id, or the hash of its code. */
export type InvitationKey = { readonly id: string } | { readonly codeHash: Buffer };

/** The invitations, in Postgres. Every change locks the team first, then the invitation. */
export class Invitations {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Makes an invitation, or finds the one that the same request has made.
   *
   * `isNew` tells which: only the code of a new one may be shown. Throws TEAM_NOT_FOUND and like
   * `invite`.
   */
  async create(
    { codeHash, ...wish }: InvitationWish & { readonly codeHash: Buffer },
    asker: Asker,
    once: Once,
  ): Promise<Shown & { readonly isNew: boolean }> {
    return this.#db.transaction(async (tx) => {
      const key = { id: wish.teamId, candidate: wish.userId ?? undefined };
      const locked = await lockTeam(tx, key, asker);
      if (!locked || locked.view.standing === 'stranger') throw notFound('team', wish.teamId);
      const { view } = locked;
      const made = await claim(tx, asker, once, wish.id);
      if (made !== undefined) {
        return { invitation: await get(tx, { id: made }), now: view.now, isNew: false };
      }
      const [open] = await tx.query<{ count: number }>(COUNT_OPEN, [wish.teamId, view.now]);
      const openCount = open?.count ?? 0;
      const invitation = invite(wish, view, { inviterId: asker.id, openCount });
      const head = await record(tx, NO_HISTORY, invitationChanged(invitation), asker);
      await insert(tx, { ...invitation, codeHash }, head);
      return { invitation, now: view.now, isNew: true };
    });
  }

  /** Takes the asker into the team of an invitation. Throws like `accept`. */
  async accept(
    key: InvitationKey,
    asker: Asker,
  ): Promise<Shown & { readonly member: Member | undefined }> {
    const { id, teamId, userId: addressee } = await get(this.#db, key);
    // An id is no secret: it opens nothing to whom the invitation is not for.
    if ('id' in key && addressee !== asker.id) throw unseen(id);
    return this.#db.transaction(async (tx) => {
      const locked = await lockTeam(tx, { id: teamId, candidate: asker.id }, asker);
      const { invitation, head } = await lock(tx, id);
      if (!locked) throw unseen(id);
      const { view } = locked;
      const accepted = accept(invitation, view, asker.id);
      const by = { actor: asker.actor, cause: `invitation ${id}` };
      const state = accepted.change ? await writeTeam(tx, locked, accepted.change, by) : view;
      await write(tx, { before: invitation, after: accepted.invitation, head }, asker);
      const member = state.members.find(({ userId }) => userId === asker.id);
      return { invitation: accepted.invitation, now: view.now, member };
    });
  }

  /** Declines an invitation that is for the asker. Throws like `decline`. */
  async decline(id: string, asker: Asker): Promise<Shown> {
    return this.#db.transaction(async (tx) => {
      const { invitation, head, now } = await lock(tx, id);
      const after = decline(invitation, asker.id, now);
      await write(tx, { before: invitation, after, head }, asker);
      return { invitation: after, now };
    });
  }

  /** Takes an invitation back. Throws INVITATION_NOT_FOUND, and like `takeBack`. */
  async revoke(id: string, asker: Asker): Promise<Shown> {
    const found = await find(this.#db, { id });
    return this.#db.transaction(async (tx) => {
      // Also where there is none: one that is not seen takes the same statements.
      const key = { id: found?.teamId ?? '', candidate: undefined };
      const locked = await lockTeam(tx, key, asker);
      if (!locked || locked.view.standing === 'stranger') throw unseen(id);
      const { invitation, head, now } = await lock(tx, id);
      const after = takeBack(invitation, locked.view);
      await write(tx, { before: invitation, after, head }, asker);
      return { invitation: after, now };
    });
  }

  /** Lists the invitations of a team, or those that are for the asker, by id. */
  async list(
    { teamId, all }: { readonly teamId: string; readonly all: boolean },
    ask: PageAsk,
    asker: Asker,
  ): Promise<Page<Invitation> & { readonly now: Date }> {
    if (teamId !== '') await this.#requireSeen(teamId, asker);
    const now = await readNow(this.#db);
    const column = teamId === '' ? 'user_id' : 'team_id';
    const read = (after: string, limit: number): Promise<Invitation[]> => {
      const sql = `
        ${SELECT} where i.${column} = $1 and i.id > $2
          and ($3 or (i.outcome is null and i.expires_at > $4))
        order by i.id limit $5`;
      return this.#db.query(sql, [teamId || asker.id, after, all, now, limit]);
    };
    const of = ['invitations', teamId, all];
    const page = await list({ ask, asker, of, read, keyOf: ({ id }) => id });
    return { ...page, now };
  }

  async #requireSeen(teamId: string, asker: Asker): Promise<void> {
    const [team] = await this.#db.query<{ role: Role | null }>(OWN_ROLE, [teamId, asker.id]);
    const standing = standingOf(team?.role, asker.seesAll);
    if (!team || standing === 'stranger') throw notFound('team', teamId);
    requireRight(standing, 'invitations.list');
  }
}

const INVITATION = `
  i.id, i.team_id as "teamId", t.name as "teamName", i.role, i.user_id as "userId",
  i.inviter_id as "inviterId", i.prefix, i.created_at as "createdAt", i.expires_at as "expiresAt",
  i.outcome, i.closed_at as "closedAt", i.accepted_by as "acceptedBy", i.seq as revision`;

const SELECT = `select ${INVITATION} from invitation i join team t on t.id = i.team_id`;

const COUNT_OPEN = `
  select count(*)::int as count from invitation
  where team_id = $1 and outcome is null and expires_at > $2`;

const LOCK = `
  select ${INVITATION}, i.hash, ${NOW} as now
  from invitation i join team t on t.id = i.team_id
  where i.id = $1 for no key update of i`;

const OWN_ROLE = `
  select m.role from team t left join team_member m on m.team_id = t.id and m.user_id = $2
  where t.id = $1 and t.deleted_at is null`;

/** How an invitation that is named by its code is called in errors: never by the code. */
const UNNAMED = 'of this code';

async function get(db: Queries, key: InvitationKey): Promise<Invitation> {
  const found = await find(db, key);
  if (!found) throw unseen('id' in key ? key.id : UNNAMED);
  return found;
}

async function find(db: Queries, key: InvitationKey): Promise<Invitation | undefined> {
  if ('id' in key) {
    const [found] = await db.query<Invitation>(`${SELECT} where i.id = $1`, [key.id]);
    return found;
  }
  const sql = `
    select ${INVITATION}, i.code_hash as "codeHash"
    from invitation i join team t on t.id = i.team_id where i.code_hash = $1`;
  const [row] = await db.query<Invitation & { readonly codeHash: Buffer }>(sql, [key.codeHash]);
  if (!row || !timingSafeEqual(row.codeHash, key.codeHash)) return undefined;
  const { codeHash: _, ...found } = row;
  return found;
}

async function lock(tx: Tx, id: string) {
  const [row] = await tx.query<Invitation & { hash: Buffer; now: Date }>(LOCK, [id]);
  if (!row) throw unseen(id);
  const { hash, now, ...invitation } = row;
  return { invitation, now, head: { seq: invitation.revision, hash } };
}

async function insert(
  tx: Tx,
  made: Invitation & { readonly codeHash: Buffer },
  { seq, hash }: Chained,
): Promise<void> {
  const sql = `
    insert into invitation (id, team_id, role, user_id, inviter_id, prefix, code_hash,
                            created_at, expires_at, seq, hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;
  const { id, teamId, role, userId, inviterId, prefix, codeHash, createdAt, expiresAt } = made;
  const offer = [id, teamId, role, userId, inviterId, prefix, codeHash];
  await tx.query(sql, [...offer, createdAt, expiresAt, seq, hash]);
}

interface Written {
  readonly before: Invitation;
  readonly after: Invitation;
  readonly head: Chained;
}

async function write(tx: Tx, { before, after, head }: Written, by: By): Promise<void> {
  if (after === before) return;
  const { seq, hash } = await record(tx, head, invitationChanged(after), by);
  const sql = `
    update invitation set outcome = $2, closed_at = $3, accepted_by = $4, seq = $5, hash = $6
    where id = $1`;
  await tx.query(sql, [after.id, after.outcome, after.closedAt, after.acceptedBy, seq, hash]);
}
