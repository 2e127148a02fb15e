import { PublicError } from '@ramet/errors';
import type { Clone } from '../domain/clone.js';
import { etagOf } from '../messages.js';

/** Throws ETAG_STALE unless the clone is as the caller has read it. Without an etag it always is. */
export function requireEtag(clone: Clone, etag: string): void {
  if (etag !== '' && etag !== etagOf(clone)) throw etagStale(clone);
}

/** The error for a clone that is not as it was read. */
export function etagStale({ id }: Clone): PublicError {
  const message = `the clone has changed since it was read: ${id}`;
  return new PublicError('aborted', 'ETAG_STALE', message, { metadata: { clone_id: id } });
}
