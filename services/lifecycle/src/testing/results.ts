import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  type Clone,
  type GetResultRequest,
  type Result,
  type ResultHeader,
  ResultKind,
  type UploadResultRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Api, House } from './house.js';
import { executionOf } from './steps.js';

/** What a test leaves for a clone. The header is right unless it says otherwise. */
export interface Left {
  readonly name: string;
  readonly bytes?: Buffer | string;
  readonly header?: Partial<ResultHeader>;
}

const PIECE = 100_000;

/** The header that announces bytes as the result of a clone's current execution. */
function headerOf(clone: Clone, { name, bytes = '', header }: Left): ResultHeader {
  const body = Buffer.from(bytes as string);
  return {
    ...executionOf(clone),
    name,
    kind: ResultKind.OUTPUT,
    sizeBytes: BigInt(body.length),
    sha256: createHash('sha256').update(body).digest(),
    ...header,
  };
}

/** Leaves something for a clone, as its runner does. */
export async function leave(house: House, clone: Clone, left: Left): Promise<Result> {
  const { reports } = await house.asRunner(clone);
  const { result } = await reports.uploadResult(partsOf(clone, left));
  return result ?? assert.fail('no result came back');
}

/** The messages of an upload. */
export async function* partsOf(clone: Clone, left: Left): AsyncGenerator<UploadResultRequest> {
  yield { part: { $case: 'header', value: headerOf(clone, left) } };
  const body = Buffer.from((left.bytes ?? '') as string);
  for (let from = 0; from < body.length; from += PIECE) {
    yield { part: { $case: 'data', value: body.subarray(from, from + PIECE) } };
  }
}

/** A result as it comes: what it is, its bytes, and in how many messages they came. */
export interface Got {
  readonly result: Result;
  readonly bytes: Buffer;
  readonly pieces: number;
}

/** Reads a result, or a part of it. */
export async function read(
  { results }: Api,
  cloneId: string,
  which: number | string,
  part: Partial<Pick<GetResultRequest, 'offset' | 'length'>> = {},
): Promise<Got> {
  const key =
    typeof which === 'number'
      ? ({ $case: 'index', value: which } as const)
      : ({ $case: 'name', value: which } as const);
  let result: Result | undefined;
  const pieces: Buffer[] = [];
  const wish = { cloneId, which: key, offset: 0n, length: 0n, ...part };
  for await (const { part: got } of results.getResult(wish)) {
    if (got?.$case === 'result') {
      assert.equal(result, undefined, 'what it is comes once');
      result = got.value;
    } else {
      assert.ok(result, 'what it is comes first');
      pieces.push(got?.value ?? assert.fail('an empty message'));
    }
  }
  assert.ok(pieces.every(({ length }) => length > 0 && length <= 256 * 1024));
  return {
    result: result ?? assert.fail('no result came back'),
    bytes: Buffer.concat(pieces),
    pieces: pieces.length,
  };
}

/** The results of a clone, in pages of a size. */
export async function listed(api: Api, cloneId: string, pageSize = 0): Promise<readonly Result[]> {
  const all: Result[] = [];
  let pageToken = '';
  do {
    const page = await api.results.listResults({ cloneId, pageSize, pageToken });
    all.push(...page.results);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}
