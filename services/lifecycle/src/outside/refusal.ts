import { type ErrorCode, PublicError, unavailable } from '@ramet/errors';
import { RemoteError, type StatusName } from '@ramet/rpc';
import type { Answer } from '../deps.js';
import { NO_ANSWER, OWN_FAILURE, type Problem } from '../domain/problem.js';

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
    return { refusal: { reason: thrown.reason || thrown.code, message: messageOf(thrown) } };
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

const SERVICES = ['keys', 'teams', 'executor', 'lifecycle'];

/**
 * What is kept of what was thrown: who has failed, and how. Users read it, so it has the words of a
 * peer that has answered, and no others.
 */
export function problemOf(thrown: unknown): Problem {
  if (!(thrown instanceof RemoteError)) {
    return { peer: 'lifecycle', code: 'INTERNAL', reason: '', message: OWN_FAILURE };
  }
  const { code, reason } = thrown;
  return { peer: peerOf(thrown), code, reason, message: messageOf(thrown) };
}

/** Without a reason it came from the transport, and may name addresses. */
function messageOf({ reason, message }: RemoteError): string {
  return reason === '' ? NO_ANSWER : message;
}

/** Who has failed: the one that was asked, or one that it has asked in turn. */
function peerOf({ method, reason, metadata }: RemoteError): string {
  const asked = /^\/ramet\.([a-z]+)\./.exec(method)?.[1] ?? 'lifecycle';
  if (reason !== 'PEER_UNAVAILABLE') return asked;
  const { peer = '' } = metadata;
  if (SERVICES.includes(peer)) return peer;
  return asked === 'executor' ? 'host' : asked;
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
