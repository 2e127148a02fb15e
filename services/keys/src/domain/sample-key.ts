import type { NewKey } from './key.js';

/** The time of tests. */
export const AT = new Date(1_800_000_000_000);

/** A key of a user, with what a test says of it. */
export function aNewKey(given: Partial<NewKey> = {}): NewKey {
  return {
    ...{ id: 'key_1', owner: { kind: 'user', id: 'usr_1' }, name: 'paper' },
    ...{ algorithm: 'hmac_sha256', venue: '', venueKeyId: '', publicKey: Buffer.alloc(0) },
    ...{ origin: 'generated', labels: {}, validFrom: undefined, validUntil: undefined },
    ...{ isDefault: false, acceptedTerms: '', ...given },
  };
}
