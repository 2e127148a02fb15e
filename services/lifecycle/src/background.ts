import { type Bell, type Consumer, type ConsumerOptions, startConsumer } from '@ramet/database';
import { type Reconciler, startReconciler } from '@ramet/reconcile';
import type { Scope } from '@ramet/service';
import type { ServiceConfig } from './config.js';
import type { Deps, ExecutorNews, TeamsNews } from './deps.js';
import { createPassMeter } from './metrics.js';
import { startNotifier } from './notifier/notifier.js';
import { takeExecutorNews } from './reconciler/executor-news.js';
import { reconcileClone } from './reconciler/reconcile-clone.js';
import { takeTeamsNews } from './reconciler/teams-news.js';
import { startRenewer } from './renewer/renewer.js';
import type { Task } from './store/work.js';
import { startSweeper } from './sweeper/sweeper.js';
import { createTraced } from './trace.js';

/** That something happened may be told again: how far it was told need not be noted at once. */
const NOTE_MS = 1_000;

type Ports = Pick<ConsumerOptions<TeamsNews>, 'db' | 'clock' | 'logger' | 'bus'>;

/** What has the loops look at once. */
export interface Alarms {
  readonly reconciler: Bell;
  readonly notifier: Bell;
}

/** Starts what goes on by itself: reconciling, following others, sweeping, notifying. */
export function startBackground(
  deps: Deps,
  config: ServiceConfig,
  {
    ports,
    alarms,
    scope,
  }: { readonly ports: Ports; readonly alarms: Alarms; readonly scope: Scope },
): void {
  const reconciler = scope.use(reconcile(deps, config.reconcileMs));
  scope.defer(alarms.reconciler.listen(reconciler.wake));
  scope.use(followExecutor(deps, ports));
  scope.use(followTeams(deps, ports));
  scope.use(startSweeper(deps, config.sweepMs));
  scope.use(startRenewer(deps, config.renewMs));
  const notifier = scope.use(startNotifier(deps, ports));
  scope.defer(alarms.notifier.listen(notifier.wake));
}

function reconcile(deps: Deps, idleMs: number): Reconciler {
  const { work, clock, logger } = deps;
  const bring = reconcileClone(deps);
  const traced = createTraced('lifecycle.reconcile');
  const meter = createPassMeter();
  return startReconciler<Task>({
    name: 'clones',
    claim: (limit) => work.claim(limit),
    step: (task, signal) =>
      traced(task.trace, { 'ramet.clone': task.id }, () => bring(task, signal)),
    release: (tasks) => work.giveBack(tasks),
    onError: (thrown, task) => {
      const about = { clone: task?.id, trace_id: task?.trace.split('-')[1] };
      logger.warn('a clone could not be reconciled', { ...about, error: String(thrown) });
    },
    observe: (pass) => meter.observe(pass),
    idleMs,
    clock,
  });
}

function followExecutor(deps: Deps, ports: Ports): Consumer {
  return startConsumer<ExecutorNews>({
    producer: 'executor',
    read: (after, signal) => deps.executor.readHistory(after, signal),
    handle: takeExecutorNews(deps),
    noteMs: NOTE_MS,
    ...ports,
  });
}

function followTeams(deps: Deps, ports: Ports): Consumer {
  return startConsumer<TeamsNews>({
    producer: 'teams',
    read: (after, signal) => deps.teams.readHistory(after, signal),
    handle: takeTeamsNews(deps),
    ...ports,
  });
}
