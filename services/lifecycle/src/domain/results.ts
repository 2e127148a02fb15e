import { invalid, PublicError } from '@ramet/errors';

export const RESULT_KINDS = ['OUTPUT', 'LOG'] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

/** Something that a clone's workload left. */
export interface Result {
  readonly cloneId: string;
  /** Its place among the clone's results, from 0. */
  readonly index: number;
  readonly name: string;
  readonly kind: ResultKind;
  readonly stage: string;
  readonly executionId: string;
  readonly sizeBytes: number;
  readonly sha256: Buffer;
  readonly mediaType: string;
  readonly createdAt: Date;
  readonly expireAt: Date;
  /** When its bytes were removed. Absent: they are there. */
  readonly removedAt?: Date;
}

/** Which result is meant. */
export type Which = { readonly index: number } | { readonly name: string };

/** How many results a clone may have. */
export const MAX_RESULTS = 100_000;

/** Logs have names like this one, so that outputs at the top of their folder have not. */
const LOG_NAME = /^[1-9][0-9]*\.log$/;

/** Throws REQUEST_INVALID for a name that no output may have. */
export function requireOutputName(name: string): void {
  const description = nameFault(name);
  if (description !== undefined) throw invalid({ field: 'header.name', description });
}

function nameFault(name: string): string | undefined {
  if (/[\0\p{Surrogate}]/u.test(name)) return 'must be UTF-8 without NUL';
  if (name.split('/').some((part) => ['', '.', '..'].includes(part))) {
    return 'must be a path without empty parts, . and ..';
  }
  return LOG_NAME.test(name) ? 'is what logs are called' : undefined;
}

/**
 * The part of a result that is asked for, by its first byte and how many there are. A length of zero
 * asks for all that follows.
 *
 * Throws RANGE_INVALID for an offset after the end. At the end there is an empty part.
 */
export function partOf(
  sizeBytes: number,
  { offset, length }: { readonly offset: bigint; readonly length: bigint },
): { readonly offset: number; readonly length: number } {
  const left = BigInt(sizeBytes) - offset;
  if (left < 0n) {
    throw new PublicError('out_of_range', 'RANGE_INVALID', `it has ${sizeBytes} bytes`, {
      metadata: { size_bytes: String(sizeBytes) },
    });
  }
  return { offset: Number(offset), length: Number(length === 0n || length > left ? left : length) };
}

/** The error for a result that is not there, or not for the caller to see. */
export function resultNotFound(cloneId: string, which: string): PublicError {
  return new PublicError('not_found', 'RESULT_NOT_FOUND', `no such result: ${which}`, {
    metadata: { clone_id: cloneId, result: which },
    resource: { kind: 'result', id: `${cloneId}/${which}` },
  });
}

/** Throws RESULT_EXPIRED for a result whose bytes were removed. */
export function requireKept({ cloneId, index, name, removedAt }: Result): void {
  if (removedAt === undefined) return;
  throw resultExpired({ cloneId, index, name });
}

/** The error for a result whose bytes were removed at the end of its retention. */
export function resultExpired({
  cloneId,
  index,
  name,
}: Pick<Result, 'cloneId' | 'index' | 'name'>): PublicError {
  const description = 'it was removed at the end of its retention';
  const subject = `result/${cloneId}/${index}`;
  return new PublicError('failed_precondition', 'RESULT_EXPIRED', `${name}: ${description}`, {
    metadata: { clone_id: cloneId, index: String(index) },
    preconditions: [{ type: 'RESULT_EXPIRED', subject, description }],
  });
}

/** The error for a result that a clone has no room for. */
export function resultsTooLarge(cloneId: string, description: string): PublicError {
  return new PublicError('resource_exhausted', 'RESULTS_TOO_LARGE', description, {
    metadata: { clone_id: cloneId },
    quotas: [{ subject: `clone/${cloneId}`, description }],
  });
}
