/** The error for a text that is no key or prefix. A bug of whoever made it. */
export class BlobKeyError extends Error {
  override readonly name = 'BlobKeyError';

  constructor(key: string) {
    super(`not a key of blobs: ${JSON.stringify(key.slice(0, 200))}`);
  }
}

/** The error for a blob that is not there. */
export class BlobNotFoundError extends Error {
  override readonly name = 'BlobNotFoundError';
  readonly key: string;

  constructor(key: string) {
    super(`no such blob: ${key}`);
    this.key = key;
  }
}

/** The error for reading from a place after the end of a blob. */
export class BlobRangeError extends Error {
  override readonly name = 'BlobRangeError';
  readonly key: string;
  readonly sizeBytes: number;

  constructor(key: string, offset: number, sizeBytes: number) {
    super(`blob ${key} has ${sizeBytes} bytes, none at ${offset}`);
    this.key = key;
    this.sizeBytes = sizeBytes;
  }
}

/** The error for a blob with more bytes than it may have. Nothing of it was stored. */
export class BlobTooLargeError extends Error {
  override readonly name = 'BlobTooLargeError';
  readonly key: string;
  readonly maxBytes: number;

  constructor(key: string, maxBytes: number) {
    super(`blob ${key} has more than ${maxBytes} bytes`);
    this.key = key;
    this.maxBytes = maxBytes;
  }
}

/** The error for a store that is away, or whose disk cannot be used. Waiting may help. */
export class BlobStoreUnavailableError extends Error {
  override readonly name = 'BlobStoreUnavailableError';

  constructor(cause: unknown) {
    super('the blob store is not available', { cause });
  }
}

/** The error for a store that is there and does not want us. Its settings are wrong. */
export class BlobStoreRefusedError extends Error {
  override readonly name = 'BlobStoreRefusedError';
  /** Why, in the store's own word, such as `SignatureDoesNotMatch`. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the blob store refused: ${reason}`);
    this.reason = reason;
  }
}
