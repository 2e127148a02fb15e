import { status } from '@grpc/grpc-js';
import type { Logger } from './ports.js';

/** How a call has failed. */
export interface FailedCall {
  readonly code: status;
  readonly thrown: unknown;
  /** Whether the log has been told of calls like it: it is not to be flooded with them. */
  readonly isKnown: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes the one line that a failed call leaves, as loud as somebody should look at it. */
export function logFailure(logger: Logger, { code, thrown, isKnown, fields }: FailedCall): void {
  if (code === status.INTERNAL || code === status.UNKNOWN) {
    logger.error('call failed', { ...fields, error: thrown });
  } else if (code === status.CANCELLED) logger.debug('call cancelled', fields);
  else if (isKnown) logger.debug('call failed', fields);
  else if (thrown instanceof Error && thrown.cause !== undefined) {
    logger.warn('call failed', { ...fields, error: thrown });
  } else logger.info('call failed', fields);
}
