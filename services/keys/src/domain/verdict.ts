import { conflict, notFound, PublicError } from '@ramet/errors';
import type { Operation } from './grant.js';

/** What the database said of a request to sign. */
export type Verdict =
  | 'accepted'
  | 'seen'
  | 'unknown'
  | 'revoked'
  | 'expired'
  | 'reused'
  | 'not_granted'
  | 'used_up';

/** What a request to sign was about, as far as its refusal tells. */
export interface Asked {
  readonly keyId: string;
  readonly grantId: string;
  readonly requestId: string;
  readonly operation: Operation;
}

/** The error for a request that was not accepted, or undefined if it may be signed. */
export function refusalOf(verdict: Verdict, asked: Asked): PublicError | undefined {
  const grant = { kind: 'grant', id: asked.grantId };
  switch (verdict) {
    case 'accepted':
    case 'seen':
      return undefined;
    case 'unknown':
      return notFound('key', asked.keyId);
    case 'revoked':
      return conflict('GRANT_REVOKED', grant, 'the right to sign with the key was revoked');
    case 'expired':
      return conflict('GRANT_EXPIRED', grant, 'the right to sign with the key has expired');
    case 'reused':
      return requestIdReused(asked.requestId);
    case 'not_granted':
      return operationNotGranted(asked);
    case 'used_up':
      return usedUp(asked.grantId);
    default:
      return unheardOf(verdict);
  }
}

/** What is not known to be a yes is a no, whatever the database has come to say. */
function unheardOf(verdict: never): never {
  throw new Error(`the database has decided on a request with a word of its own: ${verdict}`);
}

/** The error for a request id that was used to sign something else. */
function requestIdReused(requestId: string): PublicError {
  const message = `the request id was used with another payload: ${requestId}`;
  return new PublicError('already_exists', 'REQUEST_ID_REUSED', message, {
    metadata: { request_id: requestId },
  });
}

function operationNotGranted({ grantId, operation }: Asked): PublicError {
  const message = `the grant does not allow this operation: ${operation}`;
  return new PublicError('permission_denied', 'OPERATION_NOT_GRANTED', message, {
    metadata: { grant_id: grantId, operation },
  });
}

function usedUp(grantId: string): PublicError {
  const message = 'the uses of the grant are spent';
  return new PublicError('resource_exhausted', 'GRANT_USED_UP', message, {
    metadata: { grant_id: grantId },
    quotas: [{ subject: `grant/${grantId}`, description: message }],
  });
}
