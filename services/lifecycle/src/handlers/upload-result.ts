import { BlobTooLargeError } from '@ramet/blobs';
import { invalid } from '@ramet/errors';
import type {
  ResultHeader,
  UploadResultRequest,
  UploadResultResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Uploading } from '@ramet/rpc';
import type { Deps, NewResult } from '../deps.js';
import { mediaTypeOf } from '../domain/media-type.js';
import { requireOutputName } from '../domain/results.js';
import { fromResultKindMessage, toResultMessage } from '../result-messages.js';
import { blobFailure } from './blob-failure.js';
import { requireOwnExecution } from './own-execution.js';

type Needs = Pick<Deps, 'results' | 'blobs' | 'ids' | 'failpoints' | 'logger'>;

/**
 * Takes one result of an execution.
 *
 * Its blob is on record before its bytes are put, and the result after: what is cut off leaves
 * nothing that a sweeper does not find.
 */
export function uploadResult(needs: Needs): Uploading<UploadResultRequest, UploadResultResponse> {
  const { results, ids, failpoints } = needs;
  return async (requests, { caller, signal }) => {
    const header = await headerOf(requests);
    requireOwnExecution(caller, header);
    const cloneId = caller.workload?.cloneId ?? '';
    const wish = wishOf(header, cloneId, `results/${cloneId}/${ids.make('blb')}`);
    const there = await results.begin(wish);
    if (there) return { result: toResultMessage(there) };

    try {
      await put(needs, wish, { source: dataOf(requests), signal });
      failpoints.hit('lifecycle.result_stored');
      const { result, unwanted } = await results.keep(wish);
      if (unwanted !== undefined) await discard(needs, unwanted);
      return { result: toResultMessage(result) };
    } catch (thrown) {
      await discard(needs, wish.blob);
      throw blobFailure(thrown);
    }
  };
}

async function headerOf(requests: AsyncIterable<UploadResultRequest>): Promise<ResultHeader> {
  for await (const { part } of requests) {
    if (part?.$case === 'header') return part.value;
    break;
  }
  throw invalid({ field: 'header', description: 'must come first' });
}

function wishOf(header: ResultHeader, cloneId: string, blob: string): NewResult {
  const { executionId, epoch, name, sha256 } = header;
  const kind = fromResultKindMessage(header.kind);
  if (kind === 'OUTPUT') requireOutputName(name);
  return {
    ...{ cloneId, executionId, epoch, name, kind, blob },
    sha256: Buffer.from(sha256),
    sizeBytes: Number(header.sizeBytes),
    mediaType: kind === 'LOG' ? 'text/plain' : mediaTypeOf(name),
  };
}

async function* dataOf(requests: AsyncIterable<UploadResultRequest>): AsyncGenerator<Buffer> {
  for await (const { part } of requests) {
    if (part?.$case !== 'data') throw invalid({ field: 'header', description: 'came twice' });
    yield part.value;
  }
}

/** Puts the bytes. Throws REQUEST_INVALID if they are not those that were announced. */
async function put(
  { blobs }: Needs,
  { blob, sizeBytes, sha256 }: NewResult,
  { source, signal }: { readonly source: AsyncIterable<Buffer>; readonly signal: AbortSignal },
): Promise<void> {
  const stored = await blobs.put(blob, source, { maxBytes: sizeBytes, signal }).catch((thrown) => {
    throw thrown instanceof BlobTooLargeError ? notAnnounced('size_bytes') : thrown;
  });
  if (stored.sizeBytes !== sizeBytes) throw notAnnounced('size_bytes');
  if (!stored.sha256.equals(sha256)) throw notAnnounced('sha256');
}

function notAnnounced(field: string): Error {
  return invalid({ field: `header.${field}`, description: 'is not what the bytes have' });
}

/** Removes a blob unless a result has it. What goes wrong here is left to a sweeper. */
async function discard({ results, blobs, logger }: Needs, blob: string): Promise<void> {
  try {
    if (!(await results.giveUp(blob))) return;
    await blobs.remove([blob]);
    await results.forget([blob]);
  } catch (thrown) {
    logger.warn('a blob is left to be swept', { blob, error: String(thrown) });
  }
}
