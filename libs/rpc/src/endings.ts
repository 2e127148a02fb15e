import { status } from '@grpc/grpc-js';
import { PublicError } from '@ramet/errors';

/** The reason of a call that is refused or cut because the server is about to stop. */
export function draining(): PublicError {
  return new PublicError('unavailable', 'SERVER_DRAINING', 'the server is about to stop', {
    retryAfterMs: 100,
  });
}

/** The reason of a call that has taken too long. */
export function deadlineExceeded(): PublicError {
  return new PublicError('deadline_exceeded', 'DEADLINE_EXCEEDED', 'the deadline has passed');
}

/** The reason of a call whose client takes no answer. */
export function notTaken(): PublicError {
  return new PublicError('deadline_exceeded', 'DEADLINE_EXCEEDED', 'the answer was not taken');
}

/** The reason for a handler to stop whose call grpc-js has ended. */
export function endedEarly(code: status): Error {
  if (code === status.DEADLINE_EXCEEDED) return deadlineExceeded();
  return new DOMException(`the call has ended with ${status[code]}`, 'AbortError');
}
