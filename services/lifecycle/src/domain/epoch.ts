import { PublicError } from '@ramet/errors';

/** The error for a report of an execution that is not the current one of its clone, or is over. */
export function epochStale(executionId: string, epoch: number): PublicError {
  return new PublicError('aborted', 'EPOCH_STALE', 'the execution was superseded or is over', {
    metadata: { execution_id: executionId, epoch: String(epoch) },
  });
}
