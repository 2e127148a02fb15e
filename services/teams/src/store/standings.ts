import { type Database, NO_HISTORY, type Queries, type Tx } from '@ramet/database';
import type { Asker, Page, PageAsk } from '../domain/asker.js';
import type { Owner } from '../domain/bot.js';
import {
  type DecideStanding,
  noStanding,
  type OwnerStanding,
  ownerIdOf,
  ownerNotFound,
  type StandingFilter,
} from '../domain/owner-standing.js';
import { standingChanged } from '../events.js';
import { list } from './list.js';
import { NOW } from './now.js';
import { type Chained, record } from './record.js';
import { STANDING, type StandingRow, toStanding } from './standing-row.js';

/** Where owners stand, in Postgres. `change` is the only writer. */
export class Standings {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads where an owner stands. Throws USER_NOT_FOUND, TEAM_NOT_FOUND. */
  async get(owner: Owner): Promise<OwnerStanding> {
    const [row] = await this.#db.query<StandingRow>(GET[owner.kind], [ownerIdOf(owner)]);
    if (!row) throw ownerNotFound(owner);
    return toStanding(owner, row);
  }

  /** Lists the owners who are on a list, by id. */
  async list(filter: StandingFilter, ask: PageAsk, asker: Asker): Promise<Page<OwnerStanding>> {
    const read = async (after: string, limit: number): Promise<OwnerStanding[]> =>
      (await this.#db.query<OwnedRow>(LIST[filter], [after, limit])).map(toOwned);
    const keyOf = ({ owner }: OwnerStanding): string => ownerIdOf(owner);
    return list({ ask, asker, of: ['standings', filter], read, keyOf });
  }

  /** Reads where many owners stand, by id. Those who never were on a list are left out. */
  async find(ownerIds: readonly string[]): Promise<readonly OwnerStanding[]> {
    return (await this.#db.query<OwnedRow>(FIND, [ownerIds])).map(toOwned);
  }

  /**
   * Changes where an owner stands as `decide` says, holding the owner's row meanwhile.
   *
   * `decide` must be pure. Throws USER_NOT_FOUND, TEAM_NOT_FOUND.
   */
  async change(owner: Owner, by: Asker, decide: DecideStanding): Promise<OwnerStanding> {
    return this.#db.transaction(async (tx) => {
      const { standing, head, now } = await lock(tx, owner);
      const change = decide({ standing, actor: by.actor, now });
      if (!change) return standing;

      const next = await record(tx, head, standingChanged(change), by);
      await upsert(tx, change.after, next);
      return change.after;
    });
  }
}

type OwnedRow = StandingRow & { readonly userId: string | null; readonly teamId: string | null };

const GET = {
  user: `
    select ${STANDING} from mesh_user o left join standing s on s.owner_id = o.id where o.id = $1`,
  team: `
    select ${STANDING} from team o left join standing s on s.owner_id = o.id where o.id = $1`,
} as const;

// Also of a team that was deleted: clones of it may still be there.
const LOCK = {
  user: `select ${NOW} as now from mesh_user where id = $1 for no key update`,
  team: `select ${NOW} as now from team where id = $1 for no key update`,
} as const;

const OWNED = `s.user_id as "userId", s.team_id as "teamId", ${STANDING}`;

const LIST = {
  listed: listWhere('denied_at is not null or access_at is not null'),
  denied: listWhere('denied_at is not null'),
  access: listWhere('access_at is not null'),
} as const;

const FIND = `select ${OWNED} from standing s where s.owner_id = any($1) order by s.owner_id`;

const UPSERT = `
  insert into standing (
    owner_id, user_id, team_id, denied_reason, denied_by, denied_at,
    access_kinds, access_reason, access_by, access_at, actor, reason, updated_at, seq, hash)
  values (coalesce($1, $2), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
  on conflict (owner_id) do update set
    denied_reason = excluded.denied_reason, denied_by = excluded.denied_by,
    denied_at = excluded.denied_at, access_kinds = excluded.access_kinds,
    access_reason = excluded.access_reason, access_by = excluded.access_by,
    access_at = excluded.access_at, actor = excluded.actor, reason = excluded.reason,
    updated_at = excluded.updated_at, seq = excluded.seq, hash = excluded.hash`;

async function lock(
  tx: Tx,
  owner: Owner,
): Promise<{ readonly standing: OwnerStanding; readonly head: Chained; readonly now: Date }> {
  const id = ownerIdOf(owner);
  const [locked] = await tx.query<{ now: Date }>(LOCK[owner.kind], [id]);
  if (!locked) throw ownerNotFound(owner);

  // A statement of its own: it sees what was committed while LOCK waited.
  const sql = `select ${STANDING}, s.hash from standing s where s.owner_id = $1`;
  const [row] = await tx.query<StandingRow & { hash: Buffer }>(sql, [id]);
  if (!row) return { standing: noStanding(owner), head: NO_HISTORY, now: locked.now };
  const standing = toStanding(owner, row);
  return { standing, head: { seq: standing.revision, hash: row.hash }, now: locked.now };
}

async function upsert(tx: Queries, standing: OwnerStanding, { seq, hash }: Chained): Promise<void> {
  const { owner, denial, access, actor, reason, updatedAt } = standing;
  await tx.query(UPSERT, [
    owner.kind === 'user' ? owner.userId : null,
    owner.kind === 'team' ? owner.teamId : null,
    ...[denial?.reason, denial?.actor, denial?.at],
    ...[access?.kinds, access?.reason, access?.actor, access?.at],
    ...[actor, reason, updatedAt],
    ...[seq, hash],
  ]);
}

function listWhere(condition: string): string {
  return `
    select ${OWNED} from standing s
    where (${condition}) and s.owner_id > $1
    order by s.owner_id limit $2`;
}

function toOwned({ userId, teamId, ...row }: OwnedRow): OwnerStanding {
  const owner: Owner =
    userId === null ? { kind: 'team', teamId: teamId ?? '' } : { kind: 'user', userId };
  return toStanding(owner, row);
}
