import { createHash } from 'node:crypto';
import type { Ids } from '@ramet/service';
import { type CodeKind, makeApiKey, prefixOf } from '../domain/api-key.js';

/** A key that was just made, and what is kept of it. */
export interface MintedKey {
  /** The key itself: shown once, kept nowhere. */
  readonly secret: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

/** Makes a key of unpredictable bytes. */
export function mintApiKey(kind: CodeKind, ids: Ids): MintedKey {
  const secret = makeApiKey(kind, (count) => ids.bytes(count));
  return { secret, prefix: prefixOf(secret), hash: hashOf(secret) };
}

/** What is kept of a credential. It has too many random bits to be found from its hash. */
export function hashOf(credential: string): Buffer {
  return createHash('sha256').update(credential).digest();
}
