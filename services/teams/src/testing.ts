import { generateKeyPairSync } from 'node:crypto';
import { Secret } from '@ramet/config';
import {
  SetupServiceService,
  TokenServiceService,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { createIds, noFailpoints, Scope, systemClock, systemIds } from '@ramet/service';
import type { Config } from './config.js';
import { hashOf } from './credentials/minter.js';
import { serviceKeys } from './credentials/service-keys.js';
import { createTokenSigner } from './credentials/token-signer.js';
import type { Identity, WorkloadIdentity } from './domain/identity.js';
import { connectLifecycle, type Outside } from './outside.js';
import { startTeams } from './service.js';

export { signText } from './credentials/test-signer.js';
export type { Outside } from './outside.js';

/** What may differ from one test to the next. */
export interface TestTeamsOptions {
  readonly databaseUrl: string;
  /** Where lifecycle is asked about epochs. Nobody is there unless it is given. */
  readonly lifecycleAddress?: string;
  /** Replaces parts of the world, such as the clock or lifecycle. */
  readonly outside?: Partial<Outside>;
  /** Several replicas must be given one, as they must sign alike. */
  readonly tokenKeys?: Secret;
  /** Whether only owners on the access list are admitted. Not, unless said. */
  readonly accessListEnabled?: boolean;
  /** What callers and owners are held to. Nothing, unless said. */
  readonly rate?: { readonly rateLimit: number; readonly rateBurst: number };
}

/** Somebody with an API key and a token of it. */
export interface TestUser {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
  readonly token: string;
}

/** A real teams service in this process, and credentials for it. */
export interface TestTeams extends AsyncDisposable {
  readonly address: string;
  readonly tokenKeys: Secret;
  /** What BootstrapAdmin takes. */
  readonly bootstrapToken: string;
  /** The API key of a service: `teams`, `keys`, `lifecycle` or `executor`. */
  serviceKey(service: string): string;
  /** A token made by the service's signer: of services and workloads, or of any user. */
  sign(identity: Identity): Promise<string>;
  serviceToken(service: string): Promise<string>;
  workloadToken(workload: WorkloadIdentity): Promise<string>;
  /** The first administrator, made when first asked for. */
  admin(): Promise<TestUser>;
  /** A new user with an API key and a token. */
  createUser(name: string): Promise<TestUser>;
}

const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;
const NOBODY = '127.0.0.1:9';
/** Longer than a test takes on a machine that has much else to do. */
const TOKEN_LIFE_SECONDS = 3_600;

/** Makes the key that tokens are signed with. */
export function makeTokenKeys(): Secret {
  const { privateKey } = generateKeyPairSync('ed25519');
  return new Secret(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
}

/** Starts teams on a free port of loopback. */
export async function startTestTeams(options: TestTeamsOptions): Promise<TestTeams> {
  await using scope = new Scope();
  const tokenKeys = options.tokenKeys ?? makeTokenKeys();
  const bootstrapToken = 'a bootstrap token for tests';
  const outside = outsideOf(options);
  const config = configOf({ ...options, tokenKeys, bootstrapToken });
  const { address } = scope.use(await startTeams(config, outside));

  const lifeSeconds = TOKEN_LIFE_SECONDS;
  const signer = await createTokenSigner(tokenKeys, { ...outside, lifeSeconds });
  const sign = async (identity: Identity): Promise<string> => (await signer.sign(identity)).text;
  const users = usersOf(address, bootstrapToken);
  const running = scope.move();
  return {
    address,
    tokenKeys,
    bootstrapToken,
    sign,
    serviceKey: keyOf,
    serviceToken: (name) => sign({ kind: 'service', name }),
    workloadToken: (workload) => sign({ kind: 'workload', ...workload }),
    ...users,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function outsideOf({ lifecycleAddress, outside }: TestTeamsOptions): Outside {
  const clock = outside?.clock ?? systemClock;
  return {
    clock,
    ids: outside?.clock ? createIds(clock) : systemIds,
    failpoints: noFailpoints,
    logger: SILENT,
    connectLifecycle: (link) => connectLifecycle(lifecycleAddress ?? NOBODY, link),
    ...outside,
  };
}

interface Given {
  readonly databaseUrl: string;
  readonly tokenKeys: Secret;
  readonly bootstrapToken: string;
  readonly accessListEnabled?: boolean;
  readonly rate?: TestTeamsOptions['rate'];
}

function configOf({
  databaseUrl,
  tokenKeys,
  bootstrapToken,
  accessListEnabled,
  rate,
}: Given): Config {
  return {
    ...rate,
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    databaseUrl,
    databasePassword: undefined,
    natsUrl: undefined,
    natsToken: undefined,
    lifecycleAddress: NOBODY,
    tokenKeys: { read: () => tokenKeys },
    tokenLifeSeconds: TOKEN_LIFE_SECONDS,
    bootstrapToken: new Secret(Buffer.from(bootstrapToken)),
    serviceKeys: serviceKeys(new Map(SERVICES.map((name) => [name, hashOf(keyOf(name))]))),
    accessListEnabled: accessListEnabled ?? false,
    failpointsDir: undefined,
    tracesDir: undefined,
    logLevel: 'error',
  };
}

function usersOf(address: string, bootstrapToken: string): Pick<TestTeams, 'admin' | 'createUser'> {
  let first: Promise<TestUser> | undefined;
  const admin = (): Promise<TestUser> => {
    first ??= bootstrap(address, bootstrapToken);
    return first;
  };
  return {
    admin,
    async createUser(name) {
      const { token } = await admin();
      await using users = connect(UserServiceService, address, { token: async () => token });
      const { user } = await users.createUser({ requestId: '', name, admin: false });
      const userId = user?.id ?? '';
      const wish = { requestId: '', userId, name: 'test', expireTime: undefined, scopes: [] };
      const { secret } = await users.createApiKey(wish);
      return { id: userId, name, apiKey: secret, token: await exchange(address, secret) };
    },
  };
}

async function bootstrap(address: string, bootstrapToken: string): Promise<TestUser> {
  await using setup = connect(SetupServiceService, address);
  const { user, apiKey } = await setup.bootstrapAdmin({ bootstrapToken, name: 'root' });
  return { id: user?.id ?? '', name: 'root', apiKey, token: await exchange(address, apiKey) };
}

async function exchange(address: string, apiKey: string): Promise<string> {
  await using tokens = connect(TokenServiceService, address);
  return (await tokens.exchangeToken({ apiKey })).token;
}

function keyOf(service: string): string {
  return `the key of ${service}, for tests only and quite long`;
}

const SILENT: Outside['logger'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
