import { Secret } from '@ramet/config';
import type { Logger } from '@ramet/telemetry';
import type { Config } from '../config.js';

const silent = (): void => undefined;

/** Tells nobody. */
export const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/** The settings of a replica of a test, which knows nobody. */
export function configOf(databaseUrl: string): Config {
  return {
    host: '127.0.0.1',
    port: 0,
    metricsPort: undefined,
    databaseUrl,
    databasePassword: undefined,
    natsUrl: '',
    natsToken: undefined,
    teamsAddress: '',
    lifecycleAddress: '',
    serviceKey: new Secret(Buffer.from('none')),
    kekFile: '',
    kekCommand: undefined,
    tracesDir: '',
    logLevel: 'error',
    failpointsDir: '',
  };
}
