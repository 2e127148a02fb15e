import { BlobStoreUnavailableError } from '../errors.js';
import type { S3Client, S3Request } from './client.js';
import type { Part } from './parts.js';
import { escaped, textOf } from './xml.js';

/** The size of a part: at least 5 MiB by the protocol, and at most 10,000 of them. */
export const PART_BYTES = 8 * 1024 * 1024;
export const MAX_BLOB_BYTES = 10_000 * PART_BYTES;

/** Where the parts of a blob go. */
export interface Upload {
  readonly client: S3Client;
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

/** Stores a blob: in one request if it has one part, else part by part. */
export async function upload(to: Upload, parts: AsyncIterable<Part>): Promise<void> {
  let id: string | undefined;
  const etags: string[] = [];
  try {
    for await (const { bytes, isLast } of parts) {
      if (isLast && id === undefined) return await putWhole(to, bytes);
      id ??= await begin(to);
      const query = { partNumber: String(etags.length + 1), uploadId: id };
      const answer = await to.client.send({ ...about(to), method: 'PUT', query, body: bytes });
      etags.push(answer.headers.etag ?? '');
      answer.resume();
    }
    if (id !== undefined) await complete(to, id, etags);
  } catch (thrown) {
    if (id !== undefined) await abandon(to, id);
    throw thrown;
  }
}

async function putWhole(to: Upload, body: Uint8Array): Promise<void> {
  const answer = await to.client.send({ ...about(to), method: 'PUT', body });
  answer.resume();
}

async function begin(to: Upload): Promise<string> {
  const text = await to.client.ask({ ...about(to), method: 'POST', query: { uploads: '' } });
  const id = textOf(text, 'UploadId');
  if (!id) throw new BlobStoreUnavailableError(new Error('the server names no upload'));
  return id;
}

async function complete(to: Upload, id: string, etags: readonly string[]): Promise<void> {
  const parts = etags.map(
    (etag, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
  );
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  // Tried once: the second answer to one that succeeded would be that there is no such upload.
  const headers = { 'content-type': 'application/xml' };
  const query = { uploadId: id };
  await to.client.ask({ ...about(to), method: 'POST', query, headers, body, once: true });
}

/** Makes the server forget the parts. If it cannot be told, its rule for old uploads does so. */
async function abandon({ client, key }: Upload, id: string): Promise<void> {
  const request: S3Request = { method: 'DELETE', key, query: { uploadId: id }, once: true };
  await client.send(request).then(
    (answer) => answer.resume(),
    () => undefined,
  );
}

function about({ key, signal }: Upload): { key: string; signal: AbortSignal | undefined } {
  return { key, signal };
}
