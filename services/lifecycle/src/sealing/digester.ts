import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';

/** Names a secret value for what it is used as: the same value gets another name elsewhere. */
export type Digester = (place: readonly string[], value: string) => string;

const KEY_BYTES = 32;

/**
 * Makes a digester of the key that seals.
 *
 * Without the key nobody can try values, however short the secret is. With another first key the
 * same value is named anew: those who hold the old name go on.
 */
export function createDigester(keys: readonly Buffer[]): Digester {
  const [first] = keys;
  if (!first) throw new Error('a digester needs a key');
  const root = createSecretKey(first);
  const material = hkdfSync('sha256', root, Buffer.alloc(0), 'ramet lifecycle: digests', KEY_BYTES);
  const key = createSecretKey(Buffer.from(material));
  return (place, value) => {
    // JSON keeps parts apart whatever stands in them.
    return createHmac('sha256', key)
      .update(JSON.stringify([...place, value]))
      .digest('hex');
  };
}
