import { BlobStoreRefusedError, BlobStoreUnavailableError } from '@ramet/blobs';
import { unavailable } from '@ramet/errors';

/** What a caller is told of a failure of the blob store; anything else as it is. */
export function blobFailure(thrown: unknown): unknown {
  const isAway =
    thrown instanceof BlobStoreUnavailableError || thrown instanceof BlobStoreRefusedError;
  return isAway ? unavailable('blobs', thrown) : thrown;
}
