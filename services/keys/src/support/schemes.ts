import { PublicError } from '@ramet/errors';
import type { Algorithm } from '../domain/algorithm.js';
import type { Draft, SchemeKey, Signed } from '../domain/scheme.js';
import type { OpenedKey } from '../signing/families/family.js';
import { openMaterial } from '../signing/material.js';
import { sign } from '../signing/sign.js';

/** A key for a scheme, with its secret open. */
export interface TestKey extends SchemeKey {
  readonly opened: OpenedKey;
}

/** A key of a secret, in the form that is sealed. */
export function keyOf(
  algorithm: Algorithm,
  secret: Buffer,
  more: Partial<SchemeKey> = {},
): TestKey {
  const opened = openMaterial(algorithm, Buffer.from(secret));
  const publicKey = opened.publicKey?.export({ type: 'spki', format: 'der' }) ?? Buffer.alloc(0);
  const none = { venue: '', venueKeyId: '', passphrase: () => '', operations: ['raw'] } as const;
  return { id: 'key_1', algorithm, publicKey, opened, ...none, ...more };
}

/** A key of Ethereum. */
export function secp256k1Key(hex: string): TestKey {
  return keyOf('ecdsa_secp256k1', Buffer.from(hex, 'hex'));
}

/** What comes of a draft, signed as the service signs. */
export async function signed({ algorithm, opened }: TestKey, draft: Draft): Promise<Signed> {
  return draft.finish(await sign(algorithm, opened, draft.toSign));
}

/** The fields that a refusal names; `?` if it is no refusal of a request. */
export function fieldsOf(act: () => unknown): readonly string[] {
  try {
    act();
    return [];
  } catch (thrown) {
    return thrown instanceof PublicError ? thrown.violations.map(({ field }) => field) : ['?'];
  }
}
