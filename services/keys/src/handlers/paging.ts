import { encodePageToken, type PageBinding } from '@ramet/database';

/** A page on its way out. */
export interface Page<Message> {
  readonly messages: readonly Message[];
  readonly nextPageToken: string;
}

export interface PageOptions<Row, Message> {
  /** One more than fit were read, to know whether there is another page. */
  readonly rows: readonly Row[];
  readonly limit: number;
  readonly toMessage: (row: Row) => Message;
  readonly encode: (message: Message) => { finish(): Uint8Array };
  /** The key of a row, which the next page begins after. */
  readonly keyOf: (row: Row) => readonly string[];
  readonly binding: PageBinding;
}

/** A page ends here, whatever its size was to be. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Makes a page of what was read: no more rows than asked for, and no more bytes than a page has. */
export function pageOf<Row, Message>(options: PageOptions<Row, Message>): Page<Message> {
  const { rows, limit, toMessage, encode, keyOf, binding } = options;
  const messages: Message[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, limit)) {
    const message = toMessage(row);
    bytes += encode(message).finish().length;
    if (bytes > MAX_BYTES && messages.length > 0) break;
    messages.push(message);
  }
  const last = rows[messages.length - 1];
  const hasMore = messages.length < rows.length;
  const nextPageToken = hasMore && last ? encodePageToken(keyOf(last), binding) : '';
  return { messages, nextPageToken };
}
