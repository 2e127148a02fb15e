import { type Bell, createBell } from './bell.js';
import type { HistoryRow } from './history.js';

/** The newest rows of a history, held for many readers. Bounded in rows and in bytes. */
export interface Ring {
  /** Tells whether it gets every row as soon as that has its position: it knows the newest one. */
  isFed: () => boolean;
  /** The position of the newest row that was held: nothing is known of what comes after it. */
  readonly last: bigint;
  /** The position after which every row up to `last` is held. */
  readonly floor: bigint;
  /** Rings when `last` has moved. */
  readonly grown: Bell;
  /**
   * Adds all rows that follow a position, and lets go of the oldest ones that are too many.
   *
   * What it holds already is passed over; where rows before them are missing it begins anew.
   */
  push(after: bigint, rows: readonly HistoryRow[]): void;
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

  function restart(position: bigint): void {
    rows = [];
    bytes = 0;
    floor = position;
    last = position;
    isBegun = true;
    grown.ring();
  }

  return {
    isFed: () => false,
    get last() {
      return last;
    },
    get floor() {
      return floor;
    },
    grown,
    push(after, more) {
      if (!isBegun || after > last) restart(after);
      const fresh = more.filter(({ position }) => position > last);
      const newest = fresh.at(-1);
      if (!newest) return;
      rows.push(...fresh);
      for (const { payload } of fresh) bytes += payload.length;
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
