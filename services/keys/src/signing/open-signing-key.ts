import type { KeySealer } from '../sealing/key-sealer.js';
import type { Secrets } from '../store/secrets.js';
import { keepPassphrase, splitCredential } from './credential.js';
import { openMaterial } from './material.js';
import type { SigningKeysOptions } from './signing-keys.js';

/** Makes the function that reads and opens the key that an execution's grant is for. */
export function openSigningKey(
  secrets: Pick<Secrets, 'findGranted'>,
  sealer: Pick<KeySealer, 'open'>,
): SigningKeysOptions['load'] {
  return async (grantee, keyId) => {
    const granted = await secrets.findGranted(grantee, keyId);
    if (!granted) return undefined;
    const { id, version, algorithm, venue, venueKeyId, grantId, operations } = granted;
    const { ownerId, rules, retireAt } = granted;
    const sealed = await sealer.open({ id, version, algorithm }, granted);
    try {
      const { secret, passphrase } = splitCredential(venue, sealed);
      const opened = openMaterial(algorithm, secret);
      const publicKey = opened.publicKey?.export({ type: 'spki', format: 'der' });
      return {
        ...{ id, algorithm, venue, venueKeyId, grantId, operations, rules, opened },
        ...{ ownerId, version, retireAt, passphrase: keepPassphrase(passphrase) },
        publicKey: publicKey ?? Buffer.alloc(0),
      };
    } finally {
      sealed.fill(0);
    }
  };
}
