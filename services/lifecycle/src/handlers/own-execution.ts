import { notFound } from '@ramet/errors';
import type { Caller } from '@ramet/rpc';
import { epochStale } from '../domain/epoch.js';

/**
 * Throws unless a runner speaks of the execution and epoch that its identity is bound to.
 *
 * Another execution is not there for it; another epoch of its own is stale.
 */
export function requireOwnExecution(
  { workload }: Caller,
  { executionId, epoch }: { readonly executionId: string; readonly epoch: number },
): void {
  if (workload?.executionId !== executionId) throw notFound('execution', executionId);
  if (workload.epoch !== epoch) throw epochStale(executionId, epoch);
}
