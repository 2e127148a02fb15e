import { PublicError } from '@ramet/errors';
import type { Caller } from './call.js';

/**
 * What a connection proves of who is calling, before any token is looked at.
 *
 * `unasked` where no certificates are in use, and `public` where services are to come by another way.
 */
export type Peer =
  | { readonly via: 'unasked' }
  | { readonly via: 'public' }
  | { readonly via: 'mesh'; readonly service: string };

/**
 * Throws unless a caller came by the way that is theirs: services by the mesh, each with its own
 * certificate, and everybody else not.
 */
export function assertProven(caller: Caller, peer: Peer): void {
  if (peer.via === 'unasked' || caller.kind === 'anonymous') return;
  if (peer.via === 'public') {
    if (caller.kind !== 'service') return;
    throw unproven(caller, '', 'the token of a service is good with its certificate alone');
  }
  if (caller.kind === 'service' && caller.id === peer.service) return;
  throw unproven(caller, peer.service, 'the token is not that of the service of the certificate');
}

function unproven({ kind, id }: Caller, certificate: string, message: string): PublicError {
  return new PublicError('unauthenticated', 'PEER_UNPROVEN', message, {
    metadata: { token: `${kind}:${id}`, certificate },
  });
}
