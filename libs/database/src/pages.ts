import { createHash } from 'node:crypto';
import { invalid } from '@ramet/errors';

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1_000;
const BINDING_BYTES = 16;

/** What a page token is good for: the caller and every argument of the list but its page. */
export type PageBinding = readonly unknown[];

/**
 * What a part of a row's key is: an id, a position in a history or log, a time, or any text whose
 * shape its reader checks.
 */
export type KeyPart = 'id' | 'position' | 'time' | 'any';

/** A position is less than 2^63, so that the database can read it. */
const IS_PART = {
  id: (text: string) => /^[\w.:-]{1,128}$/.test(text),
  position: (text: string) => /^\d{1,18}$/.test(text),
  time: (text: string) => /^\d{4}-/.test(text) && isTime(text),
  any: (text: string) => /^[^\0\p{Surrogate}]{0,256}$/u.test(text),
} as const satisfies Record<KeyPart, (text: string) => boolean>;

/** The rows to read for a requested page size. Throws REQUEST_INVALID for a negative one. */
export function pageSize(requested: number): number {
  if (requested < 0) {
    throw invalid({ field: 'page_size', description: 'must not be negative' });
  }
  return requested === 0 ? DEFAULT_SIZE : Math.min(requested, MAX_SIZE);
}

/** The token of the page that begins after a row, given the row's key: opaque to who gets it. */
export function encodePageToken(after: readonly string[], binding: PageBinding): string {
  return Buffer.concat([digest(binding), Buffer.from(JSON.stringify(after))]).toString('base64url');
}

/**
 * The key that a page begins after, or undefined for the first page.
 *
 * Throws REQUEST_INVALID for a token of another list, caller or other arguments, and for a key of
 * another shape: anybody can make up a token. A token proves nothing about rights: those are
 * checked anew for every page.
 */
export function decodePageToken(
  token: string,
  binding: PageBinding,
  shape: readonly KeyPart[] = ['id'],
): readonly string[] | undefined {
  if (token === '') return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const after = parse(bytes.subarray(BINDING_BYTES).toString(), shape);
  if (!after || !bytes.subarray(0, BINDING_BYTES).equals(digest(binding))) {
    throw invalid({ field: 'page_token', description: 'is not a token of this list' });
  }
  return after;
}

function digest(binding: PageBinding): Buffer {
  const text = JSON.stringify(binding, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return createHash('sha256').update(text).digest().subarray(0, BINDING_BYTES);
}

function parse(text: string, shape: readonly KeyPart[]): readonly string[] | undefined {
  try {
    const key: unknown = JSON.parse(text);
    const isKey =
      Array.isArray(key) &&
      key.length === shape.length &&
      shape.every((kind, place) => typeof key[place] === 'string' && IS_PART[kind](key[place]));
    return isKey ? key : undefined;
  } catch {
    return undefined;
  }
}

function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}
