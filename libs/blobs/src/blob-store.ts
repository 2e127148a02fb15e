/** Where blobs lie: bytes under keys that we make, whole or not at all. */
export interface BlobStore extends AsyncDisposable {
  /**
   * Stores all that `source` gives under `key`, in place of what was there.
   *
   * Readers find the old bytes or the new ones, never both and never half; of several that store
   * under one key at once, one wins as a whole. What fails or is aborted leaves what was there.
   * Takes no more from `source` than it has stored, but for 8 MiB at most, and closes it. Fails
   * with what `source` throws, or with the reason of the signal.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredBlob>;
  /**
   * Reads a blob, or a part of it, piece by piece.
   *
   * Nothing is open before the first piece is asked for, nothing after the iteration has ended,
   * however it ended. A reader goes on with the bytes it began with when the blob is replaced.
   * Ends at the blob's end, however long a part was asked for; an offset after the end is an error.
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /** How large a blob is; undefined if there is none. */
  stat(key: string): Promise<{ readonly sizeBytes: number } | undefined>;
  /** Removes blobs. One that is not there counts as removed, so it may be repeated. */
  remove(keys: readonly string[]): Promise<void>;
  /** Removes every blob in the folder `prefix` and the folders in it. May be repeated. */
  removeUnder(prefix: string): Promise<void>;
  /**
   * All blobs in the folder `prefix` and the folders in it; of the whole store if it is empty.
   *
   * In no order. Of blobs that come or go meanwhile, some are in it.
   */
  list(prefix: string): AsyncIterable<ListedBlob>;
}

export interface PutOptions {
  /** A blob with more bytes is refused with a BlobTooLargeError. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  /** The first byte to read, from 0. */
  readonly offset?: number;
  /** How many bytes to read at most; all that follow if absent. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

/** What was stored. */
export interface StoredBlob {
  readonly sizeBytes: number;
  readonly sha256: Buffer;
}

/** A blob as a list shows it. */
export interface ListedBlob {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}
