import { PublicError } from '@ramet/errors';
import type { Keyring } from './envelope.js';
import type { Kek } from './kek.js';

/** Has wraps entered on the account of a KEK before they are made. Throws KEK_EXHAUSTED. */
export type CountWrap = (kekId: string) => Promise<void>;

/** The key-encryption keys that were given, and the one of them to seal under. */
export function createKeyring(keks: readonly Kek[], currentId: string, count: CountWrap): Keyring {
  const byId = new Map(keks.map((kek) => [kek.id, counted(kek, count)]));
  const find = (id: string): Kek => {
    const kek = byId.get(id);
    if (!kek) throw kekLacking(id);
    return kek;
  };
  return { find, current: () => find(currentId) };
}

function counted(kek: Kek, count: CountWrap): Kek {
  return {
    ...kek,
    async wrap(dataKey, nonce, identity) {
      await count(kek.id);
      return kek.wrap(dataKey, nonce, identity);
    },
  };
}

/** The error for a secret under a KEK that this replica lacks: another replica may have it. */
function kekLacking(kekId: string): PublicError {
  const message = `this replica lacks the key-encryption key ${kekId}`;
  return new PublicError('unavailable', 'SEALED', message, {
    metadata: { kekId },
    retryAfterMs: 1_000,
  });
}
