import { type ErrorCode, PublicError, unavailable } from '@ramet/errors';
import { RemoteError, type StatusName } from '@ramet/rpc';
import type { Answer } from '../deps.js';

/** What a peer says when asking again does not help. */
const FINAL: readonly StatusName[] = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'RESOURCE_EXHAUSTED',
  'OUT_OF_RANGE',
];

/** The answer of a peer, or its no. What may be asked again is thrown. */
export async function answerOf<Value>(asked: Promise<Value>): Promise<Answer<Value>> {
  try {
    return { value: await asked };
  } catch (thrown) {
    if (!(thrown instanceof RemoteError) || !FINAL.includes(thrown.code)) throw thrown;
    return { refusal: { reason: thrown.reason || thrown.code, message: thrown.message } };
  }
}

/** What a peer answers, or `missing` if the thing is not there. */
export async function unlessMissing<Value, Missing>(
  asked: Promise<Value>,
  missing: Missing,
): Promise<Value | Missing> {
  try {
    return await asked;
  } catch (thrown) {
    if (isMissing(thrown)) return missing;
    throw thrown;
  }
}

/** Tells whether a peer says that the thing is not there. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof RemoteError && thrown.code === 'NOT_FOUND';
}

const PASSED_ON: Partial<Record<StatusName, ErrorCode>> = {
  INVALID_ARGUMENT: 'invalid_argument',
  NOT_FOUND: 'not_found',
  PERMISSION_DENIED: 'permission_denied',
  FAILED_PRECONDITION: 'failed_precondition',
};

/** The same error for our own caller, whose request it answers. */
export function passedOn(peer: string, thrown: unknown): unknown {
  if (!(thrown instanceof RemoteError)) return thrown;
  const code = PASSED_ON[thrown.code];
  if (!code) return unavailable(peer, thrown);
  const { reason, message, metadata, violations, resource, preconditions } = thrown;
  return new PublicError(code, reason, message, {
    cause: thrown,
    metadata,
    violations,
    preconditions,
    ...(resource && { resource }),
  });
}
