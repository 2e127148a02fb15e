import { PublicError } from '@ramet/errors';

/** What a provider signs. */
export interface SignedRequest {
  /** The id of the mesh that it is for: no other takes the signature. */
  readonly meshId: string;
  readonly action: string;
  /** The thing it is about. Empty: it is about what an owner has. */
  readonly targetId: string;
  readonly ownerId: string;
  /** Larger than all that the provider has used before. */
  readonly nonce: bigint;
  readonly expiresAt: Date;
}

const MAX_AHEAD_MS = 10 * 60_000;

/**
 * The text that is signed: what a person would be shown, and the same for everybody.
 *
 * Each part has a line of its own, also an empty one, and none can hold a line break: no two
 * requests have the same text.
 */
export function textOf(request: SignedRequest): string {
  const { meshId, action, targetId, ownerId, nonce, expiresAt } = request;
  return [
    'Ramet signed request, version 2',
    `mesh: ${meshId}`,
    `action: ${action}`,
    `target: ${targetId}`,
    `owner: ${ownerId}`,
    `nonce: ${nonce}`,
    `expires: ${expiresAt.toISOString()}`,
  ].join('\n');
}

/** Throws SIGNATURE_EXPIRED unless the request is good at this moment. */
export function requireTimely({ expiresAt }: Pick<SignedRequest, 'expiresAt'>, now: Date): void {
  const left = expiresAt.getTime() - now.getTime();
  if (left > 0 && left <= MAX_AHEAD_MS) return;
  const message = 'the signature is too old, or good for more than ten minutes';
  throw new PublicError('unauthenticated', 'SIGNATURE_EXPIRED', message);
}

/** The error for a nonce that is not larger than those before. */
export function nonceUsed(nonce: bigint): PublicError {
  const message = 'the nonce, or a larger one, was used before';
  const metadata = { nonce: String(nonce) };
  return new PublicError('unauthenticated', 'NONCE_USED', message, { metadata });
}
