import { type BlobStore, blobStoreFrom } from '@ramet/blobs';
import {
  type Consumer,
  type ConsumerOptions,
  createBell,
  type Database,
  migrate,
  openDatabase,
  startConsumer,
  startSequencer,
  startTailer,
} from '@ramet/database';
import { loadContract } from '@ramet/proto-gen/contract';
import { type Reconciler, startReconciler } from '@ramet/reconcile';
import { Limiter, serve, throttlePolicy } from '@ramet/rpc';
import { type Clock, Scope } from '@ramet/service';
import { createAccess } from './access.js';
import { lifecycleApi } from './api.js';
import type { Config } from './config.js';
import type { Deps, ExecutorNews, Outside, TeamsNews, WatchLimits } from './deps.js';
import { DEADLINES, type Deadlines } from './domain/phases.js';
import { createPassMeter, observeService } from './metrics.js';
import { startNotifier } from './notifier/notifier.js';
import { takeExecutorNews } from './reconciler/executor-news.js';
import { reconcileClone } from './reconciler/reconcile-clone.js';
import { takeTeamsNews } from './reconciler/teams-news.js';
import { createDigester } from './sealing/digester.js';
import { createSealer } from './sealing/sealer.js';
import { Actions } from './store/actions.js';
import { CloneReads } from './store/clone-reads.js';
import { Clones } from './store/clones.js';
import { OwnerOverrides } from './store/owner-overrides.js';
import { Quotas } from './store/quotas.js';
import { Results } from './store/results.js';
import { Retention } from './store/retention.js';
import { Runners } from './store/runners.js';
import { Secrets } from './store/secrets.js';
import { Templates } from './store/templates.js';
import { WatchReads } from './store/watch-reads.js';
import { WebhookDeliveries } from './store/webhook-deliveries.js';
import { WebhookIntake } from './store/webhook-intake.js';
import { WebhookOutbox } from './store/webhook-outbox.js';
import { Webhooks } from './store/webhooks.js';
import { type Task, Work } from './store/work.js';
import { startSweeper } from './sweeper/sweeper.js';
import { createTraced } from './trace.js';
import { Broadcast } from './watch/broadcast.js';
import { createSharedChanges } from './watch/changes.js';
import { createProgressBoard } from './watch/progress-board.js';

const MIGRATIONS = new URL('../migrations/', import.meta.url);

const POOL_SIZE = 8;
const LANE_SIZE = 2;

/** What holds where the settings do not say: in tests. */
const RESULTS_BYTES = 10 * 1024 ** 3;
const TOMBSTONE_MS = 730 * 24 * 60 * 60_000;

/** What the service is told at its start. */
export type ServiceConfig = Pick<
  Config,
  | 'host'
  | 'port'
  | 'rateLimit'
  | 'rateBurst'
  | 'databaseUrl'
  | 'databasePassword'
  | 'secretsKeys'
  | 'cloneQuota'
  | 'reconciles'
  | 'reconcileMs'
  | 'leaseMs'
  | 'webhookAllowPrivate'
  | 'blobsLocation'
> &
  Partial<
    Pick<
      Config,
      | 'watchLag'
      | 'watchUnreadMs'
      | 'watchesPerCaller'
      | 'blobsCredentials'
      | 'resultsMaxBytes'
      | 'tombstoneRetentionMs'
    >
  > & {
    /** How often what is too old is looked for. */
    readonly sweepMs?: number;
    readonly deadlines?: Deadlines;
    readonly watch?: Partial<WatchLimits>;
  };

/** The service, while it runs. Disposing of it drains it. */
export interface LifecycleService extends AsyncDisposable {
  readonly port: number;
  /** What `connect` takes to reach it. */
  readonly address: string;
  /** What is in memory for watchers. */
  readonly watched: Broadcast['held'];
}

/** Starts the service. This is the one place that knows how its parts fit together. */
export async function startLifecycle(
  config: ServiceConfig,
  outside: Outside,
): Promise<LifecycleService> {
  await using scope = new Scope();
  const { bus, clock, logger } = outside;
  const pools = await openPools(config, scope);
  const { db } = pools;
  const own = { db, service: 'lifecycle', clock, logger, ...(bus && { bus }) };
  scope.use(startSequencer(own));

  const peers = scope.use(outside.connect(() => refuseIn(db)));
  const access = createAccess({ teams: peers.teams, clock });
  if (bus) scope.defer(bus.subscribe('ramet.teams.>', access.forget));

  // What is due is looked for by a reconciler that starts when all it needs is there.
  const alarm = createBell();
  const notifierAlarm = createBell();
  const stores = createStores(config, pools, outside);
  const past = {
    history: scope.use(startTailer(own)),
    changes: createSharedChanges(),
    watchReads: new WatchReads(db),
    watchLimits: watchLimitsOf(config),
  };
  const blobs = scope.use(await openBlobs(config, outside));
  const progress = createProgressBoard({ ...stores, clock, logger });
  const deps: Deps = {
    ...outside,
    ...peers,
    ...stores,
    ...past,
    blobs,
    access,
    broadcast: scope.use(new Broadcast({ ...past, progress, clock, logger })),
    deadlines: config.deadlines ?? DEADLINES,
    leaseMs: config.leaseMs,
    chargeOwner: createOwnerCharge(config, clock),
    wake: alarm.ring,
    webhookRules: { allowPrivate: config.webhookAllowPrivate },
    wakeNotifier: notifierAlarm.ring,
  };
  if (config.reconciles) {
    const reconciler = scope.use(reconcile(deps, config.reconcileMs));
    scope.defer(alarm.listen(reconciler.wake));
    const notifier = scope.use(startNotifier(deps, own));
    scope.defer(notifierAlarm.listen(notifier.wake));
    startFollowers(scope, deps, own);
    scope.use(startSweeper(deps, config.sweepMs));
  }
  scope.defer(observeService(deps));

  const { authenticate } = peers;
  const { host, port } = config;
  const services = lifecycleApi(deps);
  const throttle = throttlePolicy(config);
  const server = scope.use(
    await serve({
      host,
      port,
      services,
      contract: loadContract(),
      authenticate,
      throttle,
      logger,
      clock,
    }),
  );

  const running = scope.move();
  return {
    port: server.port,
    address: server.address,
    get watched() {
      return deps.broadcast.held;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Takes in what others have done. */
function startFollowers(scope: Scope, deps: Deps, own: ConsumerPorts & TeamsPorts): void {
  scope.use(followExecutor(deps, own));
  scope.use(followTeams(deps, own));
}

function watchLimitsOf(config: ServiceConfig): WatchLimits {
  const { watchLag = 10_000, watchUnreadMs = 60_000, watchesPerCaller = 100 } = config;
  return {
    lag: BigInt(watchLag),
    unreadMs: watchUnreadMs,
    perCaller: watchesPerCaller,
    page: 500,
    held: 4_096,
    ...config.watch,
  };
}

/** An owner is held to the rate of one caller, however many people it has. */
function createOwnerCharge(config: ServiceConfig, clock: Clock): (ownerId: string) => void {
  const policy = throttlePolicy(config);
  if (!policy) return () => undefined;
  const limiter = new Limiter({ rate: policy.callers, clock });
  return (ownerId) => limiter.charge(ownerId);
}

interface Pools {
  readonly db: Database;
  /** For batches of creations alone, so that they never queue behind reads. */
  readonly creations: Database;
  /** For what peers ask while they answer us: it never waits for what waits for them. */
  readonly callbacks: Database;
}

async function openPools(config: ServiceConfig, scope: Scope): Promise<Pools> {
  const open = async (poolSize: number): Promise<Database> =>
    scope.use(
      await openDatabase({
        url: config.databaseUrl,
        ...(config.databasePassword && { password: config.databasePassword.text() }),
        schema: 'lifecycle',
        application: 'lifecycle',
        entities: [],
        poolSize,
      }),
    );
  const db = await open(POOL_SIZE);
  await migrate(db, MIGRATIONS);
  return { db, creations: await open(LANE_SIZE), callbacks: await open(LANE_SIZE) };
}

type Stores = Pick<
  Deps,
  | 'clones'
  | 'reads'
  | 'runners'
  | 'quotas'
  | 'work'
  | 'directory'
  | 'sealer'
  | 'secrets'
  | 'templates'
  | 'ownerOverrides'
  | 'actions'
  | 'results'
  | 'retention'
  | 'webhooks'
  | 'deliveries'
  | 'intake'
  | 'outbox'
>;

function createStores(
  config: ServiceConfig,
  { db, creations, callbacks }: Pools,
  { failpoints, ids }: Outside,
): Stores {
  const { cloneQuota, leaseMs, secretsKeys, deadlines = DEADLINES } = config;
  const { resultsMaxBytes = RESULTS_BYTES, tombstoneRetentionMs = TOMBSTONE_MS } = config;
  const reads = new CloneReads(db);
  const sealer = createSealer(secretsKeys, ids);
  const secrets = new Secrets({ db, sealer, digest: createDigester(secretsKeys) });
  return {
    reads,
    sealer,
    secrets,
    templates: new Templates(db),
    ownerOverrides: new OwnerOverrides(db, secrets),
    clones: new Clones({ db, lane: creations, reads, deadlines, cloneQuota, failpoints }),
    runners: new Runners(db),
    quotas: new Quotas(db, cloneQuota),
    work: new Work(db, reads, leaseMs),
    webhooks: new Webhooks(db),
    deliveries: new WebhookDeliveries(db),
    intake: new WebhookIntake(db),
    outbox: new WebhookOutbox(db),
    directory: new CloneReads(callbacks),
    actions: new Actions(db),
    results: new Results(db, resultsMaxBytes),
    retention: new Retention(db, { tombstoneMs: tombstoneRetentionMs }),
  };
}

function openBlobs(
  { blobsLocation: location, blobsCredentials }: ServiceConfig,
  { clock }: Outside,
): Promise<BlobStore> {
  const credentials = blobsCredentials?.text();
  return blobStoreFrom({ location, clock, ...(credentials !== undefined && { credentials }) });
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
      logger.warn('a clone could not be reconciled', { clone: task?.id, error: String(thrown) });
    },
    observe: (pass) => meter.observe(pass),
    idleMs,
    clock,
  });
}

type TeamsPorts = Pick<ConsumerOptions<TeamsNews>, 'db' | 'clock' | 'logger' | 'bus'>;
type ConsumerPorts = Pick<ConsumerOptions<ExecutorNews>, 'db' | 'clock' | 'logger' | 'bus'>;

function followExecutor(deps: Deps, { db, clock, logger, bus }: ConsumerPorts): Consumer {
  return startConsumer<ExecutorNews>({
    producer: 'executor',
    read: (after, signal) => deps.executor.readHistory(after, signal),
    handle: takeExecutorNews(deps),
    db,
    clock,
    logger,
    ...(bus && { bus }),
  });
}

function followTeams(deps: Deps, ports: TeamsPorts): Consumer {
  return startConsumer<TeamsNews>({
    producer: 'teams',
    read: (after, signal) => deps.teams.readHistory(after, signal),
    handle: takeTeamsNews(deps),
    ...ports,
  });
}

function refuseIn(db: Database): void {
  if (db.inTransaction()) throw new Error('no peer may be called while a transaction is open');
}
