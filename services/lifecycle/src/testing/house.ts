import { createServer } from 'node:net';
import { connectBus } from '@ramet/database';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { CreateKeyRequest, KeyAlgorithm, KeyServiceService } from '@ramet/proto-gen/keys.v1';
import {
  ActionServiceService,
  type Clone,
  CloneAdminServiceService,
  CloneDirectoryServiceService,
  CloneServiceService,
  CreateCloneRequest,
  ExecutionReportServiceService,
  OverrideServiceService,
  ResultServiceService,
  TemplateServiceService,
  WebhookServiceService,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  type Bot,
  BotServiceService,
  type Owner,
  StandingServiceService,
  type Team,
  TeamRole,
  TeamServiceService,
  TokenServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect, type Jwk, type Remote } from '@ramet/rpc';
import { Scope, systemClock } from '@ramet/service';
import { startTestTeams, type TestTeams, type TestUser } from '@ramet/teams/testing';
import { createDatabase, testStack } from '@ramet/test/support';
import {
  type LifecycleService,
  startTestLifecycle,
  type TestLifecycleOptions,
  temporaryFolder,
} from './index.js';
import { startTestKeys } from './keys.js';
import { type Probe, probeOf, untilReached } from './probe.js';
import { requireSound } from './soundness.js';
import { type StandInExecutor, startStandInExecutor } from './stand-in-executor.js';

/** Lifecycle with real teams and keys, and an executor that is played over a real socket. */
export interface House extends AsyncDisposable {
  readonly databaseUrl: string;
  /** Where the bytes of results lie. */
  readonly blobsDir: string;
  readonly teams: TestTeams;
  readonly executor: StandInExecutor;
  /** The API of the house, called with a token. An empty one is none. */
  as(token: string): Api;
  /** The runner of a clone's current execution. */
  asRunner(clone: Clone): Promise<Api>;
  /** A team with a bot, and people of every role in it. */
  createCrew(name: string): Promise<Crew>;
  /** What lifecycle has in memory for watchers. */
  watched(): LifecycleService['watched'];
  /** Starts another lifecycle on the same data, and calls that one instead. */
  startReplica(options?: Partial<TestLifecycleOptions>): Promise<Pick<House, 'as'>>;
  /** Stops lifecycle, and starts it again with the same data. */
  restart(options?: Partial<TestLifecycleOptions>): Promise<void>;
}

/** The API as one caller sees it. */
export interface Api {
  readonly clones: Remote<typeof CloneServiceService>;
  readonly actions: Remote<typeof ActionServiceService>;
  readonly admin: Remote<typeof CloneAdminServiceService>;
  readonly templates: Remote<typeof TemplateServiceService>;
  readonly overrides: Remote<typeof OverrideServiceService>;
  readonly reports: Remote<typeof ExecutionReportServiceService>;
  readonly directory: Remote<typeof CloneDirectoryServiceService>;
  readonly history: Remote<typeof HistoryServiceService>;
  readonly results: Remote<typeof ResultServiceService>;
  readonly webhooks: Remote<typeof WebhookServiceService>;
  readonly keys: Remote<typeof KeyServiceService>;
  readonly teams: Remote<typeof TeamServiceService>;
  readonly bots: Remote<typeof BotServiceService>;
  readonly standings: Remote<typeof StandingServiceService>;
}

export interface Crew {
  readonly team: Team;
  readonly bot: Bot;
  readonly owner: TestUser;
  readonly admin: TestUser;
  readonly member: TestUser;
}

/** What may differ from one house to the next. */
export interface HouseOptions extends Partial<TestLifecycleOptions> {
  /** Where NATS is, if it is not where it is for all tests. */
  readonly natsUrl?: string;
}

/** Opens a house on a database of its own. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  await using scope = new Scope();
  const { url: databaseUrl } = scope.use(await createDatabase());
  const port = await freePort();
  const lifecycleAddress = `127.0.0.1:${port}`;

  const teams = scope.use(await startTestTeams({ databaseUrl, lifecycleAddress }));
  const tokens = scope.use(connect(TokenServiceService, teams.address));
  const { natsUrl, natsToken } = testStack();
  const nats = { url: options.natsUrl ?? natsUrl, token: natsToken };
  const bus = scope.use(connectBus({ ...nats, clock: systemClock, logger: SILENT }));
  const executor = scope.use(await startStandInExecutor(bus));
  const verificationKeys = async (): Promise<Jwk[]> =>
    (await tokens.listVerificationKeys({})).keys.map(({ jwk }): Jwk => JSON.parse(jwk));
  const around = { databaseUrl, teamsAddress: teams.address, lifecycleAddress, logger: SILENT };
  const token = () => teams.serviceToken('keys');
  const keys = scope.use(await startTestKeys({ ...around, token, verificationKeys }));

  const blobsDir = options.blobsDir ?? (await temporaryFolder(scope));
  const start = (more: Partial<TestLifecycleOptions> = {}): Promise<LifecycleService> =>
    startTestLifecycle({
      databaseUrl,
      port,
      teamsAddress: teams.address,
      keysAddress: keys.address,
      executorAddress: executor.address,
      bus,
      blobsDir,
      serviceKey: teams.serviceKey('lifecycle'),
      ...options,
      ...more,
    });
  let lifecycle = await start();
  scope.defer(() => requireSound(options.databaseUrl ?? databaseUrl));
  scope.defer(() => lifecycle[Symbol.asyncDispose]());

  const running = scope.move();
  const addresses = { teams: teams.address, keys: keys.address, lifecycle: lifecycleAddress };
  const probes: Probe[] = [];
  const as = (token: string): Api => {
    return apiOf(addresses, token, { scope: running, onLifecycle: (probe) => probes.push(probe) });
  };
  return {
    databaseUrl: options.databaseUrl ?? databaseUrl,
    blobsDir,
    teams,
    executor,
    as,
    asRunner: async ({ id: cloneId, execution }) => {
      const { id: executionId = '', epoch = 0 } = execution ?? {};
      const token = await teams.workloadToken({ cloneId, executionId, epoch });
      return apiOf(addresses, token, { scope: running });
    },
    createCrew: (name) => createCrew(teams, as, name),
    watched: () => lifecycle.watched,
    async startReplica(more) {
      const replica = running.use(await start({ ...more, port: 0 }));
      const reached = { ...addresses, lifecycle: replica.address };
      return { as: (token) => apiOf(reached, token, { scope: running }) };
    },
    async restart(more) {
      await lifecycle[Symbol.asyncDispose]();
      lifecycle = await start(more);
      await Promise.all(probes.map(untilReached));
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Asks for a clone of a bot, with whatever else a test says. */
export async function createClone(
  { clones }: Api,
  wish: Partial<CreateCloneRequest> & Pick<CreateCloneRequest, 'botId' | 'owner'>,
): Promise<Clone> {
  const empty = CreateCloneRequest.decode(new Uint8Array());
  const { clone } = await clones.createClone({ ...empty, ...wish });
  if (!clone) throw new Error('no clone came back');
  return clone;
}

/** Makes a key that a clone may sign with. Returns its id. */
export async function createKey({ keys }: Api, ownerId: string, name: string): Promise<string> {
  const { key } = await keys.createKey(
    CreateKeyRequest.fromPartial({
      owner: ownerOf(ownerId),
      name,
      algorithm: KeyAlgorithm.HMAC_SHA256,
      venue: 'binance',
      material: { $case: 'generate', value: {} },
    }),
  );
  if (!key) throw new Error('no key came back');
  return key.id;
}

/** An owner of the kind that the id is of. */
export function ownerOf(id: string): Owner {
  const $case = id.startsWith('tem_') ? ('teamId' as const) : ('userId' as const);
  return { owner: { $case, value: id } };
}

const silent = (): void => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

interface Addresses {
  readonly teams: string;
  readonly keys: string;
  readonly lifecycle: string;
}

interface Around {
  readonly scope: Scope;
  /** Gets a probe of each client of lifecycle. */
  readonly onLifecycle?: (probe: Probe) => void;
}

function apiOf(
  { teams, keys, lifecycle }: Addresses,
  token: string,
  { scope, onLifecycle }: Around,
): Api {
  const options = token === '' ? {} : { token: async () => token };
  const to = <Service extends object>(service: Service, address: string): Remote<Service> => {
    const remote = scope.use(connect(service, address, options));
    if (address === lifecycle) onLifecycle?.(probeOf(service, remote));
    return remote;
  };
  return {
    clones: to(CloneServiceService, lifecycle),
    actions: to(ActionServiceService, lifecycle),
    admin: to(CloneAdminServiceService, lifecycle),
    templates: to(TemplateServiceService, lifecycle),
    overrides: to(OverrideServiceService, lifecycle),
    reports: to(ExecutionReportServiceService, lifecycle),
    directory: to(CloneDirectoryServiceService, lifecycle),
    history: to(HistoryServiceService, lifecycle),
    results: to(ResultServiceService, lifecycle),
    webhooks: to(WebhookServiceService, lifecycle),
    keys: to(KeyServiceService, keys),
    teams: to(TeamServiceService, teams),
    bots: to(BotServiceService, teams),
    standings: to(StandingServiceService, teams),
  };
}

async function createCrew(
  teams: TestTeams,
  as: (token: string) => Api,
  name: string,
): Promise<Crew> {
  const owner = await teams.createUser(`${name}-owner`);
  const admin = await teams.createUser(`${name}-admin`);
  const member = await teams.createUser(`${name}-member`);
  const api = as(owner.token);
  const { team } = await api.teams.createTeam({ requestId: '', name });
  if (!team) throw new Error('no team came back');

  const join = (user: TestUser, role: TeamRole) =>
    api.teams.setTeamMember({ teamId: team.id, userId: user.id, role });
  await join(admin, TeamRole.ADMIN);
  await join(member, TeamRole.MEMBER);
  const value = { bundle: 'moving-average', tag: '', command: ['node', 'bot.mjs'] };
  const source = { source: { $case: 'process', value }, revision: 0 } as const;
  const asked = { requestId: '', teamId: team.id, name: 'trader', teamSource: source };
  const { bot } = await api.bots.createBot(asked);
  if (!bot) throw new Error('no bot came back');
  for (const user of [owner, admin, member]) {
    await as(user.token).bots.setBotSource({ id: bot.id, owner: ownerOf(user.id), source });
  }
  return { team, bot, owner, admin, member };
}

/** A port that nobody listens on. Lifecycle is called back, so that its peers know it before it is. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
