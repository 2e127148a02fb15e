import { startAudit } from '@ramet/audit';
import {
  type Database,
  isOutage,
  migrate,
  openDatabase,
  StaleLease,
  startSequencer,
} from '@ramet/database';
import { type Reconciler, startReconciler } from '@ramet/reconcile';
import { serve, throttlePolicy } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { executorApi } from './api.js';
import type { Config } from './config.js';
import type { Deps } from './deps.js';
import { interruptAll } from './interrupt.js';
import { connectLifecycle, type Outside } from './outside.js';
import { reconcileStorage } from './reconciler/reconcile-storage.js';
import { reconcileWorkload } from './reconciler/reconcile-workload.js';
import { recover } from './recover.js';
import { openProcessRuntime } from './runtimes/process/open-process-runtime.js';
import { type Due, Queue } from './store/queue.js';
import { Storages } from './store/storages.js';
import { Workloads } from './store/workloads.js';
import { Vigil } from './vigil.js';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
/** How often what is due is looked for, woken or not: another replica may have recorded it. */
const IDLE_MS = 1_000;

/** The service, while it runs. Disposing of it drains it; its workloads go on, or end with it. */
export interface ExecutorService extends AsyncDisposable {
  readonly port: number;
  /** What `connect` takes to reach it. */
  readonly address: string;
}

/** Starts the service. This is the one place that knows how its parts fit together. */
export async function startExecutor(config: Config, outside: Outside): Promise<ExecutorService> {
  await using scope = new Scope();
  const { bus, clock, logger, failpoints, contract } = outside;
  const { host, port, hostId } = config;

  const runtime = await openProcessRuntime(config, outside);
  const db = scope.use(await openLedger(config, outside.logger));
  const sequencing = { db, service: 'executor', clock, logger, ...(bus && { bus }) };
  scope.use(startSequencer(sequencing));
  const noTransaction = () => assertNoTransaction(db);
  const teams = scope.use(outside.connectTeams(noTransaction));
  const { token, tokens } = teams;
  const { secrets } = scope.use(
    connectLifecycle(config, { contract, noTransaction, token, tls: outside.tls }),
  );

  const workloads = new Workloads(db, { runtime: runtime.name, hostId });
  const storages = new Storages(db, hostId);
  let reconciler: Reconciler | undefined;
  const wake = () => reconciler?.wake();
  const onChange = (ids: readonly string[]) => workloads.wake(ids).then(wake);
  const onError = (thrown: unknown) => reportTo(outside, thrown);
  const vigil = scope.use(new Vigil({ runtime, clock, onChange, onError }));
  const deps: Deps = {
    ...{ workloads, storages, runtime, vigil, hostId, failpoints, logger, wake, tokens, secrets },
    history: db,
  };

  await recover(deps);
  const queue = new Queue(db, hostId, clock);
  reconciler = scope.use(startHostReconciler({ queue, step: stepOf(deps), onError, clock }));
  if (config.stopWorkloadsOnExit) scope.defer(() => interruptAll(deps, clock));
  const audit = scope.use(startAudit({ ...sequencing, retentionDays: config.auditRetentionDays }));
  const services = [...executorApi(deps), audit.implemented];
  const { authenticate } = teams;
  const throttle = throttlePolicy(config);
  const server = scope.use(
    await serve({
      ...outside.listening,
      ...{ host, port, services, contract, authenticate, throttle, logger, clock },
      audit: audit.keep,
    }),
  );
  server.setServing(true);

  const running = scope.move();
  return {
    port: server.port,
    address: server.address,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function openLedger(
  { databaseUrl, databasePassword }: Config,
  logger: Outside['logger'],
): Promise<Database> {
  const db = await openDatabase({
    url: databaseUrl,
    ...(databasePassword && { password: databasePassword.text() }),
    logger,
    schema: 'executor',
    application: 'executor',
  });
  await migrate(db, MIGRATIONS);
  return db;
}

function stepOf(deps: Deps): Reconciling['step'] {
  const [aboutWorkload, aboutStorage] = [reconcileWorkload(deps), reconcileStorage(deps)];
  return (due, signal) =>
    'storage' in due ? aboutStorage(due, signal) : aboutWorkload(due, signal);
}

interface Reconciling {
  readonly queue: Queue;
  readonly step: (due: Due, signal: AbortSignal) => Promise<void>;
  readonly onError: (thrown: unknown) => void;
  readonly clock: Outside['clock'];
}

function startHostReconciler({ queue, ...options }: Reconciling): Reconciler {
  return startReconciler<Due>({
    ...options,
    name: 'workloads',
    claim: (limit) => queue.claim(limit),
    release: (items) => queue.giveBack(items),
    idleMs: IDLE_MS,
  });
}

function assertNoTransaction(db: Database): void {
  if (db.inTransaction()) throw new Error('no call is made while a transaction is open');
}

function reportTo({ logger }: Outside, thrown: unknown): void {
  if (thrown instanceof StaleLease) return;
  const fields = { error: String(thrown) };
  if (isOutage(thrown)) logger.warn('the database is away', fields);
  else logger.error('a reconciler failed', fields);
}
