import { invalid } from '@ramet/errors';
import { decodePageToken, encodePageToken, type PageBinding } from '../pages.js';
import { isKeyOf, type Order, printOrder, type RowKey } from './order.js';

/** The token of the page that begins behind a row, in an order of its list. */
export function encodeOrderToken(key: RowKey, order: Order, binding: PageBinding): string {
  const parts = key.map((part) => (part === null ? '' : `=${part}`));
  return encodePageToken(parts, [...binding, printOrder(order)]);
}

/** The key that a page begins behind, or undefined for the first page. Throws REQUEST_INVALID. */
export function decodeOrderToken(
  token: string,
  order: Order,
  binding: PageBinding,
): RowKey | undefined {
  const shape = order.keys.map(() => 'any' as const);
  const parts = decodePageToken(token, [...binding, printOrder(order)], shape);
  const key = parts?.map((part) => (part === '' ? null : part.slice(1)));
  if (key && !isKeyOf(order, key)) {
    throw invalid({ field: 'page_token', description: 'is not a token of this list' });
  }
  return key;
}
