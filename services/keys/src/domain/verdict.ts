import { conflict, notFound, PublicError } from '@ramet/errors';
import type { Operation } from './grant.js';
import { sealedError } from './seal.js';

/** What the database said of a request to sign. */
export type Verdict =
  | 'accepted'
  | 'seen'
  | 'sealed'
  | 'unknown'
  | 'revoked'
  | 'disabled'
  | 'not_yet_valid'
  | 'no_longer_valid'
  | 'expired'
  | 'lease_expired'
  | 'outdated'
  | 'retired'
  | 'reused'
  | 'not_granted'
  | 'used_up'
  | 'too_fast';

/** What was decided on a request. */
export interface Decision {
  readonly verdict: Verdict;
  /** How long to wait before asking again, if that will help. */
  readonly retryAfterMs: number | undefined;
}

/** What a request to sign was about, as far as its refusal tells. */
export interface Asked {
  readonly keyId: string;
  readonly grantId: string;
  readonly requestId: string;
  readonly operation: Operation;
}

/** The error for a request that was not accepted, or undefined if it may be signed. */
export function refusalOf(
  { verdict, retryAfterMs }: Decision & { readonly verdict: Exclude<Verdict, 'outdated'> },
  asked: Asked,
): PublicError | undefined {
  switch (verdict) {
    case 'accepted':
    case 'seen':
      return undefined;
    case 'sealed':
      return sealedError('sealed');
    case 'unknown':
      return notFound('key', asked.keyId);
    case 'revoked':
    case 'expired':
    case 'lease_expired':
      return ended(verdict, asked);
    case 'disabled':
    case 'not_yet_valid':
    case 'no_longer_valid':
      return unusable(verdict, asked);
    case 'retired':
      return versionRetired(asked.keyId);
    case 'reused':
      return requestIdReused(asked.requestId);
    case 'not_granted':
      return operationNotGranted(asked);
    case 'used_up':
      return usedUp(asked.grantId);
    case 'too_fast':
      return tooFast(asked.grantId, retryAfterMs);
    default:
      return unheardOf(verdict);
  }
}

const ENDS = {
  revoked: ['GRANT_REVOKED', 'the right to sign with the key was revoked'],
  expired: ['GRANT_EXPIRED', 'the right to sign with the key has expired'],
  lease_expired: ['GRANT_LEASE_EXPIRED', 'lifecycle has not renewed the right to sign in time'],
} as const satisfies Partial<Record<Verdict, readonly [string, string]>>;

function ended(verdict: keyof typeof ENDS, { grantId }: Asked): PublicError {
  const [reason, message] = ENDS[verdict];
  return conflict(reason, { kind: 'grant', id: grantId }, message);
}

const UNUSABLE = {
  disabled: ['KEY_DISABLED', 'the key is disabled'],
  not_yet_valid: ['KEY_NOT_YET_VALID', 'the key is not valid yet'],
  no_longer_valid: ['KEY_EXPIRED', 'the key is not valid any more'],
} as const satisfies Partial<Record<Verdict, readonly [string, string]>>;

function unusable(verdict: keyof typeof UNUSABLE, { keyId }: Asked): PublicError {
  const [reason, message] = UNUSABLE[verdict];
  return conflict(reason, { kind: 'key', id: keyId }, message);
}

/** The error for a repeated request whose signature was one of a version that signs no more. */
function versionRetired(keyId: string): PublicError {
  const message = 'the request was signed with a version of the key that has retired';
  return conflict('KEY_VERSION_RETIRED', { kind: 'key', id: keyId }, message);
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

function tooFast(grantId: string, retryAfterMs: number | undefined): PublicError {
  const message = 'the grant allows no more signatures at this moment';
  return new PublicError('resource_exhausted', 'GRANT_RATE_EXCEEDED', message, {
    metadata: { grant_id: grantId },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
