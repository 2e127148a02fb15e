import { randomBytes } from 'node:crypto';
import { Secret } from '@ramet/config';
import { connectPeers, HeldKeks, type KeysService, startKeys } from '@ramet/keys/testing';
import { loadContract } from '@ramet/proto-gen/contract';
import { createVerifier, type Jwk, type Logger } from '@ramet/rpc';
import { noFailpoints, systemClock, systemIds } from '@ramet/service';

interface TestKeysOptions {
  readonly databaseUrl: string;
  readonly teamsAddress: string;
  readonly lifecycleAddress: string;
  readonly logger: Logger;
  readonly token: () => Promise<string>;
  readonly verificationKeys: () => Promise<readonly Jwk[]>;
}

/** Starts the real keys service on a free port. */
export async function startTestKeys(options: TestKeysOptions): Promise<KeysService> {
  const { databaseUrl, teamsAddress, lifecycleAddress, logger, token } = options;
  const contract = loadContract();
  const clock = systemClock;
  const config = {
    host: '127.0.0.1',
    port: 0,
    metricsPort: undefined,
    databaseUrl,
    databasePassword: undefined,
    natsUrl: '',
    natsToken: undefined,
    teamsAddress,
    lifecycleAddress,
    serviceKey: new Secret(Buffer.from('not used here')),
    kekFile: '',
    kekCommand: undefined,
    tracesDir: '',
    logLevel: 'error',
    failpointsDir: '',
  } as const;
  return startKeys(config as Parameters<typeof startKeys>[0], {
    clock,
    ids: systemIds,
    failpoints: noFailpoints,
    logger,
    contract,
    kekProvider: new HeldKeks(randomBytes(32)),
    authenticate: createVerifier({
      issuer: 'ramet',
      audience: 'ramet',
      keys: options.verificationKeys,
      clock,
    }),
    connectPeers: (noTransaction) =>
      connectPeers({ lifecycleAddress, teamsAddress }, { contract, clock, token, noTransaction }),
  });
}
