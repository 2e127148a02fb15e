import { claimRequestId, fingerprint, type Tx } from '@ramet/database';
import type { Asker, Once } from '../domain/asker.js';

/**
 * Takes a request id for the thing that is about to be made.
 *
 * Returns the id of the thing that the same request has made before, if it was made. No request
 * that comes here carries a secret, so that its fingerprint needs no key.
 */
export async function claim(
  tx: Tx,
  { actor }: Asker,
  { requestId, body }: Once,
  resourceId: string,
): Promise<string | undefined> {
  const request = { caller: actor, requestId, fingerprint: fingerprint(body), resourceId };
  const claimed = await claimRequestId(tx, request);
  return claimed === 'new' ? undefined : claimed.resourceId;
}
