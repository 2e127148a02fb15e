import { startAudit } from '@ramet/audit';
import { createBell, type Database, startSequencer, startTailer } from '@ramet/database';
import { loadContract } from '@ramet/proto-gen/contract';
import { ownerCharge, serve, throttlePolicy } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { createAccess } from './access.js';
import { lifecycleApi } from './api.js';
import { startBackground } from './background.js';
import type { ServiceConfig } from './config.js';
import type { Deps, Outside, WatchLimits } from './deps.js';
import { DEADLINES } from './domain/phases.js';
import { observeService } from './metrics.js';
import { WatchReads } from './store/watch-reads.js';
import { createStores, openBlobs, openPools } from './stores.js';
import { Broadcast } from './watch/broadcast.js';
import { createSharedChanges } from './watch/changes.js';
import { createProgressBoard } from './watch/progress-board.js';

export type { ServiceConfig } from './config.js';

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
  const pools = await openPools(config, outside, scope);
  const { db } = pools;
  const own = { db, service: 'lifecycle', clock, logger, ...(bus && { bus }) };
  scope.use(startSequencer(own));

  const peers = scope.use(outside.connect(() => refuseIn(db)));
  const access = createAccess({ teams: peers.teams, clock });
  if (bus) scope.defer(bus.subscribe('ramet.teams.>', access.forget));

  // What is due is looked for by a reconciler that starts when all it needs is there.
  const alarms = { reconciler: createBell(), notifier: createBell() };
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
    chargeOwner: ownerCharge(config, clock),
    wake: alarms.reconciler.ring,
    webhookRules: { allowPrivate: config.webhookAllowPrivate },
    wakeNotifier: alarms.notifier.ring,
  };
  if (config.reconciles) startBackground(deps, config, { ports: own, alarms, scope });
  scope.defer(observeService(deps));

  const audit = scope.use(startAudit({ ...own, retentionDays: config.auditRetentionDays }));
  const { authenticate } = peers;
  const { host, port } = config;
  const services = [...lifecycleApi(deps), audit.implemented];
  const throttle = throttlePolicy(config);
  const contract = loadContract();
  const server = scope.use(
    await serve({
      ...outside.listening,
      ...{ host, port, services, contract, authenticate, throttle, logger, clock },
      audit: audit.keep,
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

function refuseIn(db: Database): void {
  if (db.inTransaction()) throw new Error('no peer may be called while a transaction is open');
}
