import { ResultKind, type Result as ResultMessage } from '@ramet/proto-gen/lifecycle.v1';
import type { Result } from './domain/results.js';

const KIND = {
  OUTPUT: ResultKind.OUTPUT,
  LOG: ResultKind.LOG,
} as const satisfies Record<Result['kind'], ResultKind>;

/** A result, as the API shows it. */
export function toResultMessage(result: Result): ResultMessage {
  const { cloneId, index, name, kind, stage, executionId, sha256, mediaType } = result;
  return {
    ...{ cloneId, index, name, stage, executionId, sha256, mediaType },
    kind: KIND[kind],
    sizeBytes: BigInt(result.sizeBytes),
    createTime: result.createdAt,
    expireTime: result.expireAt,
    expired: result.removedAt !== undefined,
  };
}

/** What a result is, as its runner says. */
export function fromResultKindMessage(kind: ResultKind): Result['kind'] {
  return kind === ResultKind.LOG ? 'LOG' : 'OUTPUT';
}
