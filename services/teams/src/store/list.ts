import { decodePageToken, encodePageToken, pageSize } from '@ramet/database';
import type { Asker, Page, PageAsk } from '../domain/asker.js';

interface ListOptions<Row> {
  readonly ask: PageAsk;
  readonly asker: Asker;
  /** The name of the list and all of its arguments but the page: a token is good for these. */
  readonly of: readonly unknown[];
  /** Reads rows in the order of their keys, from after the given one. */
  readonly read: (after: string, limit: number) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => string;
}

/** A row of a list that may be cut short by its size. */
interface Cut {
  /** Whether rows follow this one, read or not. */
  readonly more?: boolean;
}

/** Reads one page of a list by keyset. */
export async function list<Row extends object>(options: ListOptions<Row>): Promise<Page<Row>> {
  const { ask, asker, of, read, keyOf } = options;
  const limit = pageSize(ask.size);
  const binding = [asker.actor, ...of];
  const [after = ''] = decodePageToken(ask.token, binding) ?? [];

  // One row more than asked for tells whether there is a next page.
  const rows = await read(after, limit + 1);
  const items = rows.slice(0, limit);
  const last: (Row & Cut) | undefined = items.at(-1);
  const hasMore = last !== undefined && (rows.length > limit || last.more === true);
  return { items, nextPageToken: hasMore ? encodePageToken([keyOf(last)], binding) : '' };
}
