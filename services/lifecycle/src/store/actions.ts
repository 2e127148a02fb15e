import { type Database, decodePageToken, encodePageToken, pageSize } from '@ramet/database';
import type { Sight } from '../domain/sight.js';
import type { Page, PageWish } from './clone-list.js';

/** Something that somebody did to a clone, and what came of it. */
export interface Action {
  readonly id: string;
  readonly cloneId: string;
  readonly cloneName: string;
  readonly ownerId: string;
  readonly name: string;
  readonly actor: string;
  readonly reason: string;
  readonly parameters: object;
  readonly seq: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'SUPERSEDED';
  readonly message: string;
  readonly trace: string;
}

interface ActionList {
  readonly sight: Sight;
  /** Only those on this clone. */
  readonly cloneId: string | undefined;
  /** Only those on clones of this owner. */
  readonly ownerId: string | undefined;
  readonly page: PageWish;
}

/** The log of what people did to clones. Written with the changes of clones; read here. */
export class Actions {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A page of actions in sight, newest first. */
  async list({ sight, cloneId, ownerId, page }: ActionList): Promise<Page<Action>> {
    const binding = ['actions', ...page.binding];
    const before = decodePageToken(page.token, binding)?.[0] ?? null;
    const limit = pageSize(page.size);
    const owners = sight === 'all' ? null : sight;
    const params = [owners, cloneId ?? null, ownerId ?? null, before, limit + 1];
    const rows = await this.#db.query<Action>(LIST, params);

    const items = rows.slice(0, limit);
    const last = rows.length > limit ? items.at(-1) : undefined;
    return { items, nextToken: last ? encodePageToken([last.id], binding) : '' };
  }

  /** An action in sight, with the end of what was printed during it. */
  async find(
    id: string,
    sight: Sight,
  ): Promise<(Action & { readonly output: Buffer }) | undefined> {
    const owners = sight === 'all' ? null : sight;
    const [row] = await this.#db.query<Action & { output: Buffer }>(FIND, [id, owners]);
    return row;
  }

  /** Adds the end of what an execution printed to what goes on with its clone, or just went on. */
  async addOutput(cloneId: string, executionId: string, tail: Uint8Array): Promise<void> {
    const head = Buffer.from(`--- ${executionId} ---\n`);
    await this.#db.query(ADD_OUTPUT, [cloneId, Buffer.concat([head, tail, NEWLINE]), head]);
  }
}

const NEWLINE = Buffer.from('\n');

const COLUMNS = `
  a.id, a.clone_id as "cloneId", a.clone_name as "cloneName", a.owner_id as "ownerId", a.name,
  a.actor, a.reason, a.parameters, a.seq, a.started_at as "startedAt", a.ended_at as "endedAt",
  a.outcome, a.message, a.trace`;

const LIST = `
  select ${COLUMNS} from action a
  where ($1::text[] is null or a.owner_id = any ($1))
    and ($2::text is null or a.clone_id = $2)
    and ($3::text is null or a.owner_id = $3)
    and ($4::text is null or a.id < $4)
  order by a.id desc
  limit $5`;

const FIND = `
  select ${COLUMNS}, a.output from action a
  where a.id = $1 and ($2::text[] is null or a.owner_id = any ($2))`;

/**
 * At most 64 KiB are kept, of the end. What is repeated is there already. The last word of a workload
 * may come when what it was for is over.
 */
const ADD_OUTPUT = `
  update action a
  set output = substr(a.output || $2, greatest(1, length(a.output || $2) - 65535))
  where a.id = (
      select l.id from action l
      where l.clone_id = $1
        and (l.ended_at is null or l.ended_at > ramet_now() - interval '5 minutes')
      order by l.ended_at desc nulls first, l.id desc
      limit 1
    )
    and position($3 in a.output) = 0`;
