import type { Database } from '@ramet/database';
import type { Creator } from '../domain/creator.js';
import type { Grant } from '../domain/grant.js';
import { type GrantRow, toGrant } from './grant-rows.js';

/** A live grant, and on whose right it rests. */
export interface CreatorGrant {
  readonly grant: Grant;
  readonly creator: Creator;
}

/** The live grants by those whose rights they rest on. */
export class CreatorGrants {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Finds the live grants that news of a team or a user may end.
   *
   * Whoever has asked about the subject's rights before and is still authorizing is either in the
   * answer, or refused. Grants of later authorizations need no look: they asked after the news.
   */
  async look(subjectId: string): Promise<readonly CreatorGrant[]> {
    await this.#db.transaction((tx) => tx.query('select begin_look($1)', [subjectId]));
    const rows = await this.#db.query<GrantRow & CreatorRow>(LIVE, [subjectId]);
    return rows.map((row) => ({
      grant: toGrant(row),
      creator: { creatorId: row.creator_id, teamId: row.team_id, forTeam: row.for_team },
    }));
  }
}

interface CreatorRow {
  readonly creator_id: string;
  readonly team_id: string;
  readonly for_team: boolean;
}

const LIVE = `
  select * from key_grant where revoked_at is null and team_id = $1
  union all
  select * from key_grant where revoked_at is null and creator_id = $1
  order by key_id`;
