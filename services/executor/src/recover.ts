import type { Deps } from './deps.js';

/**
 * Compares what exists on this host with the ledger, and makes both agree.
 *
 * What has no row is removed: rows are committed first, so that nothing of a live workload is
 * without one. What has a row is looked at again, whatever was known of it and whoever had it
 * claimed before this start.
 */
export async function recover({
  workloads,
  runtime,
  logger,
}: Pick<Deps, 'workloads' | 'runtime' | 'logger'>): Promise<void> {
  const recorded = await workloads.onHost();
  const names = new Set(recorded.map(({ name }) => name));
  for (const name of await runtime.list()) {
    if (names.has(name)) continue;
    logger.warn('an orphan is removed', { name });
    await runtime.remove(name);
  }
  await runtime.sweep(names);
  const open = recorded.filter(({ state }) => state !== 'exited');
  await workloads.takeOver(open.map(({ executionId }) => executionId));
  logger.info('the host agrees with the ledger', { workloads: recorded.length });
}
