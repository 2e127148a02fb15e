import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { type ErrorCode, PublicError, unavailable } from '@ramet/errors';
import { type Details, decodeDetails, encodeStatus } from './details.js';
import { RemoteError, type StatusName } from './remote-error.js';

const STATUS = {
  invalid_argument: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  permission_denied: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  already_exists: status.ALREADY_EXISTS,
  failed_precondition: status.FAILED_PRECONDITION,
  aborted: status.ABORTED,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  out_of_range: status.OUT_OF_RANGE,
  deadline_exceeded: status.DEADLINE_EXCEEDED,
  unavailable: status.UNAVAILABLE,
} as const satisfies Record<ErrorCode, status>;

const DETAILS_KEY = 'grpc-status-details-bin';
const MAX_MESSAGE_BYTES = 1_000;

/** What ties an error to the call it ended. */
export interface RequestIds {
  readonly correlationId: string;
  readonly traceId: string;
}

/** A failed call as it goes out: a gRPC status and the reason that stands in its details. */
export interface Failure extends StatusObject {
  readonly reason: string;
}

/** The number of the gRPC status of an error: for one of many things that did not go well. */
export function statusCodeOf({ code }: PublicError): number {
  return STATUS[code];
}

/**
 * Turns a thrown value into a status. The only place where that is done.
 *
 * A PublicError goes out as it is. A peer's error is that peer's talk with this service: the
 * caller sees UNAVAILABLE if the peer was away, and a bug otherwise. So is anything else.
 */
export function toStatus(thrown: unknown, ids: RequestIds): Failure {
  const shown = publicErrorOf(thrown);
  if (!shown) return failure(status.INTERNAL, 'internal error', { reason: 'INTERNAL' }, ids);
  return failure(STATUS[shown.code], shown.message, shown, ids);
}

/** Completes a status that grpc-js made by itself, such as that of a message over the limit. */
export function complete(
  sent: { readonly code: status; readonly details: string; readonly metadata?: unknown },
  ids: RequestIds,
): Failure {
  const reason = REASONS[sent.code] ?? status[sent.code];
  return failure(sent.code, sent.details, { reason }, ids);
}

const REASONS: Readonly<Partial<Record<status, string>>> = {
  [status.RESOURCE_EXHAUSTED]: 'MESSAGE_TOO_LARGE',
  [status.INVALID_ARGUMENT]: 'REQUEST_INVALID',
  // No request, two of them, or one packed in a way that is not known.
  [status.UNIMPLEMENTED]: 'REQUEST_INVALID',
};

/** Turns the status of a call that was made into the error to throw. */
export function toRemoteError(
  method: string,
  error: { readonly code: status; readonly details: string; readonly metadata: Metadata },
): RemoteError {
  const name = (status[error.code] ?? 'UNKNOWN') as StatusName;
  const [bytes] = error.metadata.get(DETAILS_KEY);
  const details = bytes instanceof Buffer ? tryDecode(bytes) : {};
  return new RemoteError(name, error.details, details, method);
}

function publicErrorOf(thrown: unknown): PublicError | undefined {
  if (thrown instanceof PublicError) return thrown;
  if (!(thrown instanceof RemoteError)) return undefined;
  const away = thrown.code === 'UNAVAILABLE' || thrown.code === 'DEADLINE_EXCEEDED';
  return away ? unavailable(thrown.method.split('/')[1] || 'a peer', thrown) : undefined;
}

function failure(code: status, message: string, shown: Partial<Details>, ids: RequestIds): Failure {
  const reason = shown.reason ?? '';
  const details = shortened(message);
  const metadata = new Metadata();
  metadata.set(
    DETAILS_KEY,
    encodeStatus(code, details, {
      reason,
      metadata: shown.metadata ?? {},
      violations: shown.violations ?? [],
      resource: shown.resource,
      preconditions: shown.preconditions ?? [],
      quotas: shown.quotas ?? [],
      retryAfterMs: shown.retryAfterMs,
      correlationId: ids.correlationId,
      traceId: ids.traceId,
    }),
  );
  return { code, details, metadata, reason };
}

/** Text that fits a header and is well-formed: grpc-js throws on half of a surrogate pair. */
function shortened(message: string): string {
  return Buffer.from(message).subarray(0, MAX_MESSAGE_BYTES).toString();
}

function tryDecode(bytes: Buffer): Partial<Details> {
  try {
    return decodeDetails(bytes);
  } catch {
    return {};
  }
}
