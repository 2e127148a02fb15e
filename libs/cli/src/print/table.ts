import { truncate, visible, widthOf } from './width.js';

/** One column of a table of things. */
export interface Column<Item> {
  readonly title: string;
  readonly value: (item: Item) => string;
  /** Whether it may be cut where the terminal is too narrow. */
  readonly flexible?: boolean;
  readonly right?: boolean;
  /** Dresses the text up, without changing its width. */
  readonly paint?: (text: string) => string;
}

const GAP = '  ';
const LEAST_WIDTH = 8;

/**
 * Lays things out in columns, one line each, under a line of titles.
 *
 * Flexible columns are cut, the last one first, until the lines fit into `width`. An undefined
 * width is a file or a pipe: nothing is cut there.
 */
export function layTable<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  width?: number,
): string {
  const rows = items.map((item) => columns.map(({ value }) => visible(value(item)) || '-'));
  const widths = columns.map(({ title }, index) => {
    return Math.max(title.length, ...rows.map((row) => widthOf(row[index] ?? '')));
  });
  shrink(columns, widths, width);

  const titles = line(
    columns,
    columns.map(({ title }) => title),
    widths,
    false,
  );
  const lines = rows.map((row) => line(columns, row, widths, true));
  return [titles, ...lines].map((each) => `${each}\n`).join('');
}

function shrink(columns: readonly Column<never>[], widths: number[], width?: number): void {
  const gaps = GAP.length * (columns.length - 1);
  let over = widths.reduce((sum, each) => sum + each, gaps) - (width ?? Number.POSITIVE_INFINITY);
  for (let index = columns.length - 1; index >= 0 && over > 0; index -= 1) {
    const column = columns[index];
    const current = widths[index] ?? 0;
    if (!column?.flexible) continue;
    const next = Math.max(Math.min(LEAST_WIDTH, current), column.title.length, current - over);
    widths[index] = next;
    over -= current - next;
  }
}

function line(
  columns: readonly Column<never>[],
  cells: readonly string[],
  widths: readonly number[],
  painted: boolean,
): string {
  const parts = columns.map(({ right, paint }, index) => {
    const width = widths[index] ?? 0;
    const text = truncate(cells[index] ?? '', width);
    const padding = ' '.repeat(Math.max(0, width - widthOf(text)));
    const dressed = painted && paint ? paint(text) : text;
    return right ? padding + dressed : dressed + padding;
  });
  return parts.join(GAP).trimEnd();
}
