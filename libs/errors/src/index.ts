/** What went wrong, in terms a caller can act on. Each code is one gRPC status. */
export type ErrorCode =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'aborted'
  | 'resource_exhausted'
  | 'out_of_range'
  | 'deadline_exceeded'
  | 'unavailable';

/** One thing wrong with a request: which field, and what it should have been. */
export interface Violation {
  /** The path of the field as it stands in the request, such as `parameters[2].value`. */
  readonly field: string;
  readonly description: string;
}

/** A thing that an error is about. */
export interface Resource {
  readonly kind: string;
  readonly id: string;
}

/** A state that did not hold when the request needed it. */
export interface Precondition {
  readonly type: string;
  readonly subject: string;
  readonly description: string;
}

/** A limit that a request would have gone over. */
export interface QuotaViolation {
  readonly subject: string;
  readonly description: string;
}

interface PublicErrorOptions {
  /** The error this one was made from. Logged, never sent. */
  readonly cause?: unknown;
  /** Facts a program can read, such as the id that was not found. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly Violation[];
  readonly resource?: Resource;
  readonly preconditions?: readonly Precondition[];
  readonly quotas?: readonly QuotaViolation[];
  /** How long to wait before asking again, where waiting helps. */
  readonly retryAfterMs?: number;
}

/**
 * An error written for the caller: its message and details cross the wire.
 *
 * Anything else that is thrown is a bug or an outage. The caller then sees
 * INTERNAL and nothing more; the log sees the whole chain of causes.
 */
export class PublicError extends Error {
  override readonly name = 'PublicError';
  readonly code: ErrorCode;
  /** A stable name for this failure, listed in ramet.errors.v1.ErrorReason. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly resource: Resource | undefined;
  readonly preconditions: readonly Precondition[];
  readonly quotas: readonly QuotaViolation[];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, reason: string, message: string, options: PublicErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.violations = options.violations ?? [];
    this.resource = options.resource;
    this.preconditions = options.preconditions ?? [];
    this.quotas = options.quotas ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The error for a thing that is not there, or that the caller may not see. */
export function notFound(kind: string, id: string): PublicError {
  return new PublicError('not_found', `${kind.toUpperCase()}_NOT_FOUND`, `no such ${kind}: ${id}`, {
    metadata: { [`${kind}_id`]: id },
    resource: { kind, id },
  });
}

/** The error for a request with fields that cannot be accepted. Lists all of them. */
export function invalid(...violations: readonly Violation[]): PublicError {
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return new PublicError('invalid_argument', 'REQUEST_INVALID', message, { violations });
}

/** The error for a caller that sees a thing and may not do this with it. */
export function denied(action: string, message: string): PublicError {
  return new PublicError('permission_denied', 'PERMISSION_DENIED', message, {
    metadata: { action },
  });
}

/** The error for a peer or server that is away. Waiting helps. */
export function unavailable(peer: string, cause?: unknown): PublicError {
  return new PublicError('unavailable', 'PEER_UNAVAILABLE', `${peer} is not available`, {
    cause,
    metadata: { peer },
    retryAfterMs: 1_000,
  });
}

/** The error for a change that the thing's state does not allow. */
export function conflict(reason: string, subject: Resource, message: string): PublicError {
  return new PublicError('failed_precondition', reason, message, {
    metadata: { [`${subject.kind}_id`]: subject.id },
    preconditions: [
      { type: reason, subject: `${subject.kind}/${subject.id}`, description: message },
    ],
  });
}
