import { notFound } from '@ramet/errors';
import type { Deps } from '../deps.js';
import type { Clone, Execution } from '../domain/clone.js';

/**
 * The execution of a clone that a request names, or the current one if it names none.
 *
 * Throws EXECUTION_NOT_FOUND if the clone never had the named one.
 */
export async function findExecution(
  runners: Deps['runners'],
  clone: Clone,
  executionId: string,
): Promise<Execution | undefined> {
  if (executionId === '' || executionId === clone.execution?.id) return clone.execution;
  const executions = await runners.listExecutions(clone.id);
  const found = executions.find(({ id }) => id === executionId);
  if (!found) throw notFound('execution', executionId);
  return found;
}
