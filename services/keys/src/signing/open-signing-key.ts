import type { KeySealer } from '../sealing/key-sealer.js';
import type { Secrets } from '../store/secrets.js';
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
    const { id, version, algorithm, venue, venueKeyId, grantId } = granted;
    const secret = await sealer.open({ id, version, algorithm }, granted);
    try {
      const opened = openMaterial(algorithm, secret);
      return { id, algorithm, venue, venueKeyId, grantId, opened };
    } finally {
      secret.fill(0);
    }
  };
}
