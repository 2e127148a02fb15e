/** What a list is asked for. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next one starts. Empty: there is none. */
  readonly next: string;
}

const MOST = 1_000;

/** Collects a list page by page, to its end or until there are `limit` things. */
export async function collect<Item>(
  fetch: (request: PageRequest) => Promise<Page<Item>>,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly Item[]> {
  const collected: Item[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(MOST, limit - collected.length);
    const { items, next } = await fetch({ pageSize, pageToken });
    collected.push(...items);
    pageToken = next;
  } while (pageToken !== '' && collected.length < limit);
  return collected.slice(0, limit);
}
