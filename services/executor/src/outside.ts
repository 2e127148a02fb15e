import { type Bus, connectBus } from '@ramet/database';
import { loadContract } from '@ramet/proto-gen/contract';
import { CloneDirectoryServiceService } from '@ramet/proto-gen/lifecycle.v1';
import { AccessServiceService, TokenServiceService } from '@ramet/proto-gen/teams.v1';
import {
  type Authenticate,
  type Contract,
  connect,
  createIdentity,
  openServiceTls,
  type ServiceListening,
  type ServiceTls,
} from '@ramet/rpc';
import {
  type Clock,
  type Failpoints,
  failpointsIn,
  noFailpoints,
  Scope,
  systemClock,
} from '@ramet/service';
import { type Logger, startTelemetry } from '@ramet/telemetry';
import type { Config } from './config.js';
import type { ExecutionSecrets, WorkloadTokens } from './deps.js';
import { secretsFrom } from './spec-messages.js';

/** What the service needs of the world; everything else it builds itself. */
export interface Outside {
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  readonly contract: Contract;
  /** Absent: nothing is published. */
  readonly bus?: Bus;
  /** The certificates to listen with. Absent: services call as everybody does. */
  readonly listening?: ServiceListening;
  /** The certificates to call with. */
  readonly tls?: Pick<ServiceTls, 'to'>;
  /** Connects to teams. The guard throws where nobody may be called. */
  connectTeams(noTransaction: () => void): Teams;
}

/** The lifecycle service, as this one knows it. */
export interface Lifecycle extends AsyncDisposable {
  readonly secrets: ExecutionSecrets;
}

/** The teams service, as this one knows it. */
export interface Teams extends AsyncDisposable {
  readonly authenticate: Authenticate;
  readonly tokens: WorkloadTokens;
  /** This service's own token, for calls to others. */
  readonly token: () => Promise<string>;
}

const TIMEOUT_MS = 2_000;

/** The world as it is outside of tests. None of it has to be there when the service starts. */
export async function connectOutside(config: Config): Promise<Outside & AsyncDisposable> {
  await using scope = new Scope();
  const { metricsPort, tracesDir, logLevel, failpointsDir } = config;
  const options = { service: 'executor', metricsPort, logLevel };
  const { logger } = scope.use(
    await startTelemetry({ ...options, ...(tracesDir !== '' && { tracesDir }) }),
  );
  const ports = { clock: systemClock, logger };
  const bus = config.natsUrl && scope.use(connectBus({ ...natsOf(config), ...ports }));
  const contract = loadContract();
  const tls = openServiceTls(config, 'executor', ports);
  scope.defer(() => tls[Symbol.dispose]());

  const open = scope.move();
  return {
    ...ports,
    contract,
    failpoints: failpointsDir === '' ? noFailpoints : failpointsIn(failpointsDir),
    ...(bus && { bus }),
    tls,
    listening: tls.listening,
    connectTeams: (noTransaction) => connectTeams(config, { contract, noTransaction, tls }),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

interface Connecting {
  readonly contract: Contract;
  readonly noTransaction: () => void;
  readonly tls?: Pick<ServiceTls, 'to'> | undefined;
}

/** Connects to teams, as this service, with the token that its own key is worth. */
export function connectTeams(
  { teamsAddress, serviceKey }: Pick<Config, 'teamsAddress' | 'serviceKey'>,
  { contract, noTransaction, tls }: Connecting,
): Teams {
  const scope = new Scope();
  const clock = systemClock;
  const plain = { contract, clock, noTransaction, timeoutMs: TIMEOUT_MS, tls: tls?.to('teams') };
  const issuer = scope.use(connect(TokenServiceService, teamsAddress, plain));
  const accessAs = (token: () => Promise<string>) =>
    scope.use(connect(AccessServiceService, teamsAddress, { ...plain, token }));
  const { token, authenticate } = scope.use(
    createIdentity(issuer, { apiKey: serviceKey.text(), clock, revocations: accessAs }),
  );
  const access = accessAs(token);

  return {
    authenticate,
    token,
    tokens: {
      async mint({ cloneId, executionId, epoch }, signal) {
        const wish = { cloneId, executionId, epoch };
        return (await access.mintWorkloadToken(wish, { signal })).token;
      },
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** Connects to lifecycle, with this service's own token. */
export function connectLifecycle(
  { lifecycleAddress }: Pick<Config, 'lifecycleAddress'>,
  { token, contract, noTransaction, tls }: Connecting & Pick<Teams, 'token'>,
): Lifecycle {
  const directory = connect(CloneDirectoryServiceService, lifecycleAddress, {
    ...{ contract, noTransaction, token },
    ...{ clock: systemClock, timeoutMs: TIMEOUT_MS, tls: tls?.to('lifecycle') },
  });
  return {
    secrets: {
      async get({ cloneId, executionId, epoch }, signal) {
        const wish = { cloneId, executionId, epoch };
        return secretsFrom(await directory.getExecutionSecrets(wish, { signal }));
      },
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function natsOf({ natsUrl = '', natsToken }: Config) {
  return { url: natsUrl, name: 'executor', ...(natsToken && { token: natsToken.text() }) };
}
