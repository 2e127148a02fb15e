import { type Bell, createBell } from './bell.js';
import type { HistoryRow } from './history.js';

/** The newest rows of a history, held for many followers. Bounded in rows and in bytes. */
export interface Ring {
  /** The position of the newest row that was held: nothing is known of what comes after it. */
  readonly last: bigint;
  /** The position after which every row up to `last` is held. */
  readonly floor: bigint;
  /** Rings when `last` has moved. */
  readonly grown: Bell;
  /** Forgets all rows and begins anew after a position. */
  restart(position: bigint): void;
  /** Adds the rows that follow `last`, and lets go of the oldest ones that are too many. */
  push(rows: readonly HistoryRow[]): void;
  /** The rows after a position, `limit` at most; undefined if it no longer holds them all. */
  after(position: bigint, limit: number): readonly HistoryRow[] | undefined;
}

const MAX_ROWS = 4_096;
const MAX_BYTES = 16 * 1024 * 1024;

/** Makes a ring that holds nothing yet and so answers for nothing. */
export function createRing(maxRows = MAX_ROWS, maxBytes = MAX_BYTES): Ring {
  const grown = createBell();
  let isBegun = false;
  let rows: HistoryRow[] = [];
  let bytes = 0;
  let floor = 0n;
  let last = 0n;

  function trim(): void {
    let excess = 0;
    while (excess < rows.length && (rows.length - excess > maxRows || bytes > maxBytes)) {
      bytes -= rows[excess]?.payload.length ?? 0;
      excess += 1;
    }
    floor = rows[excess - 1]?.position ?? floor;
    rows = excess > 0 ? rows.slice(excess) : rows;
  }

  return {
    get last() {
      return last;
    },
    get floor() {
      return floor;
    },
    grown,
    restart(position) {
      rows = [];
      bytes = 0;
      floor = position;
      last = position;
      isBegun = true;
      grown.ring();
    },
    push(more) {
      const newest = more.at(-1);
      if (!newest) return;
      rows.push(...more);
      for (const { payload } of more) bytes += payload.length;
      last = newest.position;
      trim();
      grown.ring();
    },
    after(position, limit) {
      if (!isBegun || position < floor) return undefined;
      const start = firstAfter(rows, position);
      return rows.slice(start, start + limit);
    },
  };
}

/** The index of the first row after a position: by bisection, as pruning leaves gaps. */
function firstAfter(rows: readonly HistoryRow[], position: bigint): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row && row.position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
