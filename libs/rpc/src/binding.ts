import { PublicError } from '@ramet/errors';
import type { Binding } from './call.js';
import { idsOf } from './targets.js';

/**
 * Throws TARGET_MISMATCH unless a request is about what the caller's token is bound to.
 *
 * With a target: the request names it, and nothing else of its kind. With an owner: the request
 * names that owner, and its own id field names nothing. A request that is told by a request id has
 * the signed one, so that it has one effect, however often it is sent.
 *
 * `request` is undefined for streams of requests: no signature covers those.
 */
export function requireBound(binding: Binding, request: unknown): void {
  if (isBound(binding, (request ?? {}) as Fields)) return;
  throw new PublicError('permission_denied', 'TARGET_MISMATCH', 'the token is for something else', {
    metadata: { target: binding.targetId, owner: binding.ownerId },
  });
}

interface Fields {
  readonly id?: unknown;
  readonly ids?: unknown;
  readonly requestId?: unknown;
  readonly owner?: { readonly owner?: { readonly value?: unknown } };
}

function isBound({ targetId, ownerId, requestId }: Binding, request: Fields): boolean {
  if (request.requestId !== undefined && request.requestId !== requestId) return false;
  if (targetId === '') {
    const names = request.id !== undefined || request.ids !== undefined;
    return !names && request.owner?.owner?.value === ownerId;
  }
  const alike = [...idsOf(request)].filter((id) => kindOf(id) === kindOf(targetId));
  return alike.length > 0 && alike.every((id) => id === targetId);
}

function kindOf(id: string): string {
  return id.slice(0, 4);
}
