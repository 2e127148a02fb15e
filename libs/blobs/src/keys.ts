import { BlobKeyError } from './errors.js';

const MAX_LENGTH = 512;
const SEGMENT = '[A-Za-z0-9][A-Za-z0-9_-]{0,127}';
const KEY = new RegExp(`^${SEGMENT}(/${SEGMENT})*$`);

/**
 * Whether a text is a key: names of letters, digits, `_` and `-`, with slashes between them.
 *
 * There is no dot in it, so that no key leaves its folder and a store has names of its own.
 */
export function isKey(text: string): boolean {
  return text.length <= MAX_LENGTH && KEY.test(text);
}

/** Refuses what is no key, with a BlobKeyError. */
export function checkKey(text: string): void {
  if (!isKey(text)) throw new BlobKeyError(text);
}
