import { BlobNotFoundError } from '@ramet/blobs';
import type { Deps, KeptResult } from '../deps.js';
import { requireKept, resultExpired } from '../domain/results.js';
import { blobFailure } from './blob-failure.js';

type Needs = Pick<Deps, 'blobs'>;

/** The most that a message of a stream carries. */
const PIECE_BYTES = 256 * 1024;

/** A part of a result. */
export interface Part {
  readonly offset: number;
  readonly length: number;
  readonly signal: AbortSignal;
}

/**
 * Reads a part of a result, piece by piece. Nothing stays open when the reader goes.
 *
 * Throws RESULT_EXPIRED for one whose bytes were removed, also meanwhile.
 */
export async function* piecesOf(
  { blobs }: Needs,
  result: KeptResult,
  part: Part,
): AsyncGenerator<Buffer> {
  requireKept(result);
  if (part.length === 0) return;
  try {
    for await (const piece of blobs.read(result.blob, part)) {
      for (let from = 0; from < piece.length; from += PIECE_BYTES) {
        yield Buffer.from(piece.subarray(from, from + PIECE_BYTES));
      }
    }
  } catch (thrown) {
    throw thrown instanceof BlobNotFoundError ? resultExpired(result) : blobFailure(thrown);
  }
}
