import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { BlobStore, ListedBlob, PutOptions, ReadOptions, StoredBlob } from '../blob-store.js';
import type { Clock } from '../clock.js';
import {
  BlobNotFoundError,
  BlobRangeError,
  BlobStoreRefusedError,
  BlobStoreUnavailableError,
} from '../errors.js';
import { Intake } from '../intake.js';
import { checkKey, isKey } from '../keys.js';
import { rangeOf } from '../range.js';
import { S3Client, type S3Credentials } from './client.js';
import { S3Failure } from './failure.js';
import { nameOf, type S3Location } from './location.js';
import { inParts } from './parts.js';
import { MAX_BLOB_BYTES, PART_BYTES, upload } from './upload.js';
import { elementsOf, escaped, textOf } from './xml.js';

/** As many keys as the protocol lists or removes at once. */
const PAGE = 1_000;
const IDLE_MS = 30_000;

export interface S3StoreOptions extends S3Location, S3Credentials {
  readonly clock: Clock;
  /** How long a server may say nothing while it is waited for; half a minute if absent. */
  readonly idleMs?: number;
}

/**
 * Opens a store in a bucket of a server that speaks S3. Asks the server nothing yet.
 *
 * What a process that died was still writing stays with the server, unseen: its bucket should have
 * a rule that aborts incomplete uploads after a day.
 */
export async function openS3Store(options: S3StoreOptions): Promise<BlobStore> {
  if (options.prefix !== '') checkKey(options.prefix);
  const { AwsV4Signer } = await import('aws4fetch');
  const { clock, idleMs = IDLE_MS } = options;
  const client = new S3Client(
    { location: options, credentials: options, clock, idleMs },
    AwsV4Signer,
  );
  return new S3Store(client, options);
}

class S3Store implements BlobStore {
  readonly #client: S3Client;
  readonly #location: S3Location;

  constructor(client: S3Client, location: S3Location) {
    this.#client = client;
    this.#location = location;
  }

  async put(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<StoredBlob> {
    checkKey(key);
    const { signal } = options;
    const maxBytes = Math.min(options.maxBytes, MAX_BLOB_BYTES);
    const intake = new Intake(key, { ...options, maxBytes });
    const parts = inParts(intake.take(source), PART_BYTES);
    await upload({ client: this.#client, key, signal }, parts).catch(refuse);
    return intake.stored();
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    checkKey(key);
    const answer = await this.#open(key, options);
    if (answer === undefined) return;
    const pieces: AsyncIterator<Buffer> = answer[Symbol.asyncIterator]();
    try {
      // Some servers give more than they were asked for.
      for (let left = rangeOf(options).length; left > 0; ) {
        const next = await pieces.next().catch((thrown) => {
          options.signal?.throwIfAborted();
          throw new BlobStoreUnavailableError(thrown);
        });
        if (next.done) return;
        const piece = next.value.length > left ? next.value.subarray(0, left) : next.value;
        left -= piece.length;
        yield piece;
      }
    } finally {
      answer.destroy();
    }
  }

  async stat(key: string): Promise<{ readonly sizeBytes: number } | undefined> {
    checkKey(key);
    try {
      const answer = await this.#client.send({ method: 'HEAD', key });
      answer.resume();
      return { sizeBytes: Number(answer.headers['content-length']) };
    } catch (thrown) {
      if (isNoBlob(thrown)) return undefined;
      return refuse(thrown);
    }
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkKey(key);
    for (let at = 0; at < keys.length; at += PAGE) {
      await this.#removePage(keys.slice(at, at + PAGE)).catch(refuse);
    }
  }

  async removeUnder(prefix: string): Promise<void> {
    checkKey(prefix);
    const keys: string[] = [];
    for await (const { key } of this.list(prefix)) {
      keys.push(key);
      if (keys.length === PAGE) await this.remove(keys.splice(0));
    }
    await this.remove(keys);
  }

  async *list(prefix: string): AsyncGenerator<ListedBlob, void, undefined> {
    if (prefix !== '') checkKey(prefix);
    const folder = prefix === '' ? '' : `${prefix}/`;
    const query = { 'list-type': '2', prefix: nameOf(this.#location, folder) };
    for (let token: string | undefined; ; ) {
      const page = await this.#client
        .ask({
          method: 'GET',
          key: '',
          query: token === undefined ? query : { ...query, 'continuation-token': token },
        })
        .catch(refuse);
      yield* this.#blobsIn(page);
      token = textOf(page, 'NextContinuationToken');
      if (!token) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
  }

  /** Undefined if there is nothing to read, at the end of the blob. */
  async #open(key: string, options: ReadOptions): Promise<IncomingMessage | undefined> {
    const { offset, length } = rangeOf(options);
    if (length === 0) return this.#nothingAt(key, offset);
    const last = length === Number.POSITIVE_INFINITY ? '' : offset + length - 1;
    const isWhole = offset === 0 && last === '';
    try {
      const answer = await this.#client.send({
        method: 'GET',
        key,
        signal: options.signal,
        ...(!isWhole && { headers: { range: `bytes=${offset}-${last}` } }),
      });
      if (isWhole || answer.statusCode === 206) return answer;
      answer.destroy();
      throw new BlobStoreRefusedError('RangeNotSupported');
    } catch (thrown) {
      if (isNoBlob(thrown)) throw new BlobNotFoundError(key);
      if (thrown instanceof S3Failure && thrown.statusCode === 416) {
        return this.#nothingAt(key, offset);
      }
      return refuse(thrown);
    }
  }

  async #nothingAt(key: string, offset: number): Promise<undefined> {
    const found = await this.stat(key);
    if (found === undefined) throw new BlobNotFoundError(key);
    if (offset > found.sizeBytes) throw new BlobRangeError(key, offset, found.sizeBytes);
  }

  async #removePage(keys: readonly string[]): Promise<void> {
    const objects = keys.map(
      (key) => `<Object><Key>${escaped(nameOf(this.#location, key))}</Key></Object>`,
    );
    const body = Buffer.from(`<Delete><Quiet>true</Quiet>${objects.join('')}</Delete>`);
    const headers = {
      'content-type': 'application/xml',
      // Not for safety: the protocol asks for it.
      'content-md5': createHash('md5').update(body).digest('base64'),
    };
    await this.#client.ask({ method: 'POST', key: '', query: { delete: '' }, headers, body });
  }

  *#blobsIn(page: string): Generator<ListedBlob, void, undefined> {
    const above = nameOf(this.#location, '');
    for (const entry of elementsOf(page, 'Contents')) {
      const key = (textOf(entry, 'Key') ?? '').slice(above.length);
      // Whatever else lies in the bucket is not ours.
      if (!isKey(key)) continue;
      const sizeBytes = Number(textOf(entry, 'Size'));
      yield { key, sizeBytes, modifiedAt: new Date(textOf(entry, 'LastModified') ?? 0) };
    }
  }
}

/** Whether a request failed as there is no such blob. An answer to HEAD says no more than 404. */
function isNoBlob(thrown: unknown): boolean {
  if (!(thrown instanceof S3Failure) || thrown.statusCode !== 404) return false;
  return thrown.code === 'NoSuchKey' || thrown.code === 'HTTP 404';
}

function refuse(thrown: unknown): never {
  if (thrown instanceof S3Failure) throw new BlobStoreRefusedError(thrown.code);
  throw thrown;
}
