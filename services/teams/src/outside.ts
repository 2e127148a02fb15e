import { type Bus, connectBus } from '@ramet/database';
import { unavailable } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import { CloneDirectoryServiceService } from '@ramet/proto-gen/lifecycle.v1';
import {
  type ClientTls,
  connect,
  openServiceTls,
  RemoteError,
  type ServiceListening,
} from '@ramet/rpc';
import {
  type Clock,
  type Failpoints,
  failpointsIn,
  type Ids,
  noFailpoints,
  Scope,
  systemClock,
  systemIds,
} from '@ramet/service';
import { type Logger, startTelemetry } from '@ramet/telemetry';
import type { Config } from './config.js';
import type { Lifecycle } from './deps.js';

/** What the service needs of the world; everything else it builds itself. */
export interface Outside {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Absent: nothing is published. */
  readonly bus?: Bus;
  /** The certificates to listen with. Absent: services call as everybody does. */
  readonly listening?: ServiceListening;
  connectLifecycle(link: LifecycleLink): Lifecycle & AsyncDisposable;
}

/** What the way to lifecycle needs of this service. */
export interface LifecycleLink {
  /** This service's own token. */
  readonly token: () => Promise<string>;
  /** Throws if a transaction is open here: none may be, across a call. */
  readonly noTransaction: () => void;
  /** How to be sure of lifecycle, and to prove this service to it. */
  readonly tls?: ClientTls | undefined;
}

/** How long whoever renews a token is kept waiting for lifecycle. */
const CHECK_TIMEOUT_MS = 1_000;

/** The world as it is outside of tests. None of it has to be there when the service starts. */
export async function connectOutside(config: Config): Promise<Outside & AsyncDisposable> {
  await using scope = new Scope();
  const { metricsPort, tracesDir, logLevel } = config;
  const options = { service: 'teams', metricsPort, logLevel, ...(tracesDir && { tracesDir }) };
  const { logger } = scope.use(await startTelemetry(options));
  const ports = { clock: systemClock, logger };
  const tls = openServiceTls(config, 'teams', ports);
  scope.defer(() => tls[Symbol.dispose]());
  const bus = config.natsUrl && scope.use(connectBus({ ...natsOf(config), ...ports }));

  const open = scope.move();
  return {
    ...ports,
    ids: systemIds,
    failpoints: config.failpointsDir ? failpointsIn(config.failpointsDir) : noFailpoints,
    ...(bus && { bus }),
    listening: tls.listening,
    connectLifecycle: (link) =>
      connectLifecycle(config.lifecycleAddress, { tls: tls.to('lifecycle'), ...link }),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

/** Connects to lifecycle. The connection is made when it is first needed. */
export function connectLifecycle(
  address: string,
  link: LifecycleLink,
): Lifecycle & AsyncDisposable {
  const clones = connect(CloneDirectoryServiceService, address, {
    ...link,
    contract: loadContract(),
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  return {
    async ownerOfLive(workload, signal) {
      try {
        const { alive, ownerId } = await clones.checkEpoch(workload, { signal });
        return alive ? ownerId : undefined;
      } catch (thrown) {
        // Whoever renews may wait and ask again, whatever lifecycle's trouble is.
        if (thrown instanceof RemoteError) throw unavailable('lifecycle', thrown);
        throw thrown;
      }
    },
    [Symbol.asyncDispose]: () => clones[Symbol.asyncDispose](),
  };
}

function natsOf({ natsUrl = '', natsToken }: Config) {
  return { url: natsUrl, name: 'teams', ...(natsToken && { token: natsToken.text() }) };
}
