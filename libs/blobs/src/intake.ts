import { createHash } from 'node:crypto';
import type { PutOptions, StoredBlob } from './blob-store.js';
import { BlobTooLargeError } from './errors.js';

/** The way of a blob into a store: counts and hashes what passes, and holds it to its bounds. */
export class Intake {
  readonly #key: string;
  readonly #options: PutOptions;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;

  constructor(key: string, options: PutOptions) {
    this.#key = key;
    this.#options = options;
  }

  /** Hands on what `source` gives, piece by piece as it is asked for. */
  async *take(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const { maxBytes, signal } = this.#options;
    for await (const piece of abortable(source, signal)) {
      this.#sizeBytes += piece.length;
      if (this.#sizeBytes > maxBytes) throw new BlobTooLargeError(this.#key, maxBytes);
      this.#hash.update(piece);
      if (piece.length > 0) yield piece;
    }
    signal?.throwIfAborted();
  }

  /** What has passed. To be asked once, when all has. */
  stored(): StoredBlob {
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest() };
  }
}

/** Ends with the reason of `signal` when it aborts, even while the source gives nothing. */
async function* abortable<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(iterator, signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    const closed = Promise.resolve(iterator.return?.());
    // A source that hangs would not hear of its end before it gives something: nobody waits.
    if (signal?.aborted) closed.catch(() => undefined);
    else await closed;
  }
}

function nextOf<Item>(
  iterator: AsyncIterator<Item>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Item>> {
  if (signal === undefined) return iterator.next();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else {
      iterator
        .next()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', abort));
    }
  });
}
