import type { Database, Session } from './database.js';
import { type HistoryRow, lastPosition } from './history.js';

/** What gives positions, on the connection that leads. While it lives the newest history is in memory. */
export interface Numbering extends AsyncDisposable {
  /** Gives the next positions to what is committed and has none. */
  next(): Promise<Numbered>;
}

/** What was numbered at once. */
export interface Numbered {
  readonly count: number;
  /** Whether there may be more. */
  readonly isFull: boolean;
}

const BATCH = 1_000;
/** A batch ends with the change that reaches this. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** Starts to number, and to hold what it has numbered for the readers of this process. */
export async function startNumbering({ newest }: Database, session: Session): Promise<Numbering> {
  let last = await lastPosition(session);
  newest.push(last, []);
  // Whoever has lost the connection does not know what another leader does.
  newest.isFed = () => !session.isLost();
  return {
    async next() {
      const rows = await session.query<HistoryRow>(NUMBER, [BATCH, BATCH_BYTES]);
      newest.push(last, rows);
      last = rows.at(-1)?.position ?? last;
      const bytes = rows.reduce((sum, { payload }) => sum + payload.length, 0);
      return { count: rows.length, isFull: rows.length === BATCH || bytes >= BATCH_BYTES };
    },
    async [Symbol.asyncDispose]() {
      newest.isFed = () => false;
    },
  };
}

/**
 * Gives the next positions to committed rows, in order of insertion, and returns them.
 *
 * Within an aggregate that is the order of seq: its rows were inserted under one lock, so that a
 * row whose commit is visible has all those before it visible too.
 */
const NUMBER = `
  with due as materialized (
    select insertion, row_number() over (order by insertion) as nth
    from (
      select insertion,
        sum(length(payload)) over (order by insertion) - length(payload) as bytes_before
      from (
        select insertion, payload from history
        where position is null order by insertion limit $1
      ) as unnumbered
    ) as measured
    where bytes_before < $2
  ), head as (
    update sequencer set position = position + (select count(*) from due)
    where exists (select from due)
    returning position - (select count(*) from due) as position
  ), numbered as (
    update history set position = head.position + due.nth
    from due, head
    where history.insertion = due.insertion
    returning history.*
  )
  select position, aggregate, seq, kind, actor, cause, payload, prev_hash as "prevHash", hash, at,
         trace
  from numbered order by position`;
