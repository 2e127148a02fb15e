import { connectBus } from '@ramet/database';
import { openServiceTls } from '@ramet/rpc';
import { failpointsIn, noFailpoints, Scope, systemClock, systemIds } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import type { Config } from '../config.js';
import type { Outside } from '../deps.js';
import { connectPeers } from './connect-peers.js';

/** The world as it is outside of tests. None of it has to be there when the service starts. */
export async function connectOutside(config: Config): Promise<Outside & AsyncDisposable> {
  await using scope = new Scope();
  const { metricsPort, tracesDir, logLevel, failpointsDir, natsUrl, natsToken } = config;
  const options = { service: 'lifecycle', metricsPort, logLevel };
  const { logger } = scope.use(
    await startTelemetry({ ...options, ...(tracesDir && { tracesDir }) }),
  );
  const ports = { clock: systemClock, logger };
  const tls = openServiceTls(config, 'lifecycle', ports);
  scope.defer(() => tls[Symbol.dispose]());
  const token = natsToken && { token: natsToken.text() };
  const bus = scope.use(connectBus({ url: natsUrl, name: 'lifecycle', ...token, ...ports }));

  const open = scope.move();
  return {
    ...ports,
    bus,
    ids: systemIds,
    failpoints: failpointsDir ? failpointsIn(failpointsDir) : noFailpoints,
    listening: tls.listening,
    connect: (noTransaction) => connectPeers(config, { clock: systemClock, noTransaction, tls }),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}
