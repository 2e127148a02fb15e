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
  storages,
  runtime,
  logger,
}: Pick<Deps, 'workloads' | 'storages' | 'runtime' | 'logger'>): Promise<void> {
  const recorded = await workloads.onHost();
  const names = new Set(recorded.map(({ name }) => name));
  for (const name of await runtime.list()) {
    if (names.has(name)) continue;
    logger.warn('an orphan is removed', { name });
    await runtime.remove(name);
  }
  await runtime.sweep(names);
  const kept = await storages.onHost();
  const cloneIds = new Set(kept.map(({ cloneId }) => cloneId));
  for (const cloneId of await runtime.listStorages()) {
    if (cloneIds.has(cloneId)) continue;
    logger.warn('the storage of nobody is removed', { clone: cloneId });
    await runtime.removeStorage(cloneId);
  }
  const open = recorded.filter(({ state }) => state !== 'exited');
  const going = kept.filter(({ state }) => state === 'removing');
  await workloads.takeOver([
    ...open.map(({ executionId }) => executionId),
    ...going.map(({ cloneId }) => cloneId),
  ]);
  logger.info('the host agrees with the ledger', { workloads: recorded.length });
}
