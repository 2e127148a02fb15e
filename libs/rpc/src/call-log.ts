import { status } from '@grpc/grpc-js';
import type { Caller } from './call.js';
import type { Logger } from './ports.js';

/** How a call has failed. */
export interface FailedCall {
  readonly path: string;
  readonly code: status;
  readonly reason: string;
  readonly caller: Pick<Caller, 'kind' | 'id'>;
  readonly ms: number;
  readonly traceId: string;
  readonly correlationId: string;
  readonly thrown: unknown;
  /** Whether the log has been told of calls like it: it is not to be flooded with them. */
  readonly isKnown: boolean;
}

/** Writes the one line that a failed call leaves, as loud as somebody should look at it. */
export function logFailure(logger: Logger, failed: FailedCall): void {
  const { code, thrown, isKnown } = failed;
  const fields = fieldsOf(failed);
  if (code === status.INTERNAL || code === status.UNKNOWN) {
    logger.error('call failed', { ...fields, error: thrown });
  } else if (code === status.CANCELLED) logger.debug('call cancelled', fields);
  else if (isKnown) logger.debug('call failed', fields);
  else if (thrown instanceof Error && thrown.cause !== undefined) {
    logger.warn('call failed', { ...fields, error: thrown });
  } else logger.info('call failed', fields);
}

function fieldsOf({ path, code, reason, caller, ms, traceId, correlationId }: FailedCall) {
  return {
    ...{ method: path, code: status[code], reason, caller: `${caller.kind}:${caller.id}` },
    ...{ ms: Math.round(ms * 10) / 10, trace_id: traceId, correlation_id: correlationId },
  };
}
