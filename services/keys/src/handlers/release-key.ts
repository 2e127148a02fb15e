import type { ReleaseKeyRequest, ReleaseKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { actorOf } from './caller.js';

type Needs = Pick<Deps, 'grants' | 'signingKeys' | 'drain' | 'failpoints'>;

/** Ends a clone's hold on a key, and answers once no signature of the clone can come any more. */
export function releaseKey(needs: Needs): Unary<ReleaseKeyRequest, ReleaseKeyResponse> {
  const { grants, signingKeys, drain, failpoints } = needs;
  return async ({ keyId, cloneId }, { caller }) => {
    const released = await grants.release(keyId, cloneId, { actor: actorOf(caller) });
    signingKeys.drop(keyId);
    await drain();
    failpoints.hit('keys.release.drained');
    return { released };
  };
}
