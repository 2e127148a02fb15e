import { notFound, unavailable } from '@ramet/errors';
import { loadContract } from '@ramet/proto-gen/contract';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { CloneDirectoryServiceService } from '@ramet/proto-gen/lifecycle.v1';
import {
  AccessServiceService,
  TeamServiceService,
  TokenServiceService,
} from '@ramet/proto-gen/teams.v1';
import {
  type Authenticate,
  type Contract,
  connect,
  createIdentity,
  openServiceTls,
  RemoteError,
  type ServiceListening,
  type ServiceTls,
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
import type { Lifecycle, Teams } from './deps.js';
import { createMemberships } from './memberships.js';
import { cloneOf, newsOf, roleOf } from './messages.js';
import { kekCommand } from './sealing/kek-command.js';
import { kekFile } from './sealing/kek-file.js';
import type { KekProvider } from './sealing/kek-provider.js';

/** What the service needs from outside; everything else it builds itself. */
export interface Outside {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  readonly contract: Contract;
  readonly authenticate: Authenticate;
  /** Where the key-encryption keys come from. */
  readonly kekProvider: KekProvider;
  /** The certificates to listen with. Absent: services call as everybody does. */
  readonly listening?: ServiceListening;
  /** Connects to the other services. The hook throws if a transaction is open across a call. */
  connectPeers(noTransaction: () => void): Peers;
}

/** The other services, behind the interfaces that this one knows them by. */
export interface Peers extends AsyncDisposable {
  readonly lifecycle: Lifecycle;
  readonly teams: Teams;
  /** Forgets what is known of roles, because one may have changed. */
  forgetRoles(): void;
}

/**
 * How long lifecycle may take to say whose clone it is (step 6 of the main job), and teams to say
 * who somebody is (step 7). A pause of theirs fits into it; both into the time that lifecycle gives.
 */
const TIMEOUT_MS = 1_500;
/** How much of the history of teams is read at once. */
const NEWS_PAGE = 500;

/** What a program that gives the KEK may know of this process. */
const PROGRAM_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Makes what the service needs of its process and of the other services. */
export async function connectOutside(config: Config): Promise<Outside & AsyncDisposable> {
  await using scope = new Scope();
  const telemetry = scope.use(
    await startTelemetry({
      service: 'keys',
      logLevel: config.logLevel,
      ...(config.tracesDir !== '' && { tracesDir: config.tracesDir }),
      ...(config.metricsPort !== undefined && { metricsPort: config.metricsPort }),
    }),
  );
  const clock = systemClock;
  const { logger } = telemetry;
  const tls = openServiceTls(config, 'keys', { clock, logger });
  scope.defer(() => tls[Symbol.dispose]());
  const contract = loadContract();
  const toTeams = { contract, clock, tls: tls.to('teams') };
  const tokens = scope.use(connect(TokenServiceService, config.teamsAddress, toTeams));
  const apiKey = config.serviceKey.text().trim();
  const revocations = (token: () => Promise<string>) =>
    scope.use(connect(AccessServiceService, config.teamsAddress, { ...toTeams, token }));
  const { token, authenticate } = scope.use(createIdentity(tokens, { apiKey, clock, revocations }));

  const running = scope.move();
  return {
    clock,
    ids: systemIds,
    failpoints: config.failpointsDir === '' ? noFailpoints : failpointsIn(config.failpointsDir),
    logger,
    contract,
    authenticate,
    kekProvider: kekProviderOf(config, clock),
    listening: tls.listening,
    connectPeers: (noTransaction) =>
      connectPeers(config, { contract, clock, token, noTransaction, tls }),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function kekProviderOf({ kekFile: path, kekCommand: argv }: Config, clock: Clock): KekProvider {
  if (argv === undefined) return kekFile(path);
  return kekCommand({ argv, env: PROGRAM_ENV, clock });
}

/** How to call another service. */
export interface Calling {
  readonly contract: Contract;
  readonly clock: Clock;
  readonly token: () => Promise<string>;
  readonly noTransaction: () => void;
  /** The certificates to call with. Absent: services call as everybody does. */
  readonly tls?: Pick<ServiceTls, 'to'>;
}

/** Connects to lifecycle and teams. */
export function connectPeers(
  { lifecycleAddress, teamsAddress }: Pick<Config, 'lifecycleAddress' | 'teamsAddress'>,
  { tls, ...calling }: Calling,
): Peers {
  const scope = new Scope();
  const toLifecycle = { ...calling, tls: tls?.to('lifecycle') };
  const toTeams = { ...calling, tls: tls?.to('teams') };
  const directory = scope.use(connect(CloneDirectoryServiceService, lifecycleAddress, toLifecycle));
  const members = scope.use(connect(TeamServiceService, teamsAddress, toTeams));
  const access = scope.use(connect(AccessServiceService, teamsAddress, toTeams));
  const history = scope.use(connect(HistoryServiceService, teamsAddress, toTeams));
  const memberships = createMemberships(async (userId) => {
    const { memberships: found } = await access
      .listMemberships({ userId }, { timeoutMs: TIMEOUT_MS })
      .catch((thrown: unknown) => {
        throw awayOr('teams', thrown);
      });
    return found.flatMap(({ teamId, role }) => {
      const known = roleOf(role);
      return known ? [[teamId, known] as const] : [];
    });
  }, calling.clock);
  return {
    forgetRoles: memberships.forget,
    lifecycle: {
      async getCloneTeamAndBot(cloneId) {
        const { clone } = await directory
          .getCloneTeamAndBot({ cloneId }, { timeoutMs: TIMEOUT_MS })
          .catch((thrown: unknown) => {
            throw isMissing(thrown) ? notFound('clone', cloneId) : awayOr('lifecycle', thrown);
          });
        const known = cloneOf(clone);
        if (!known) throw notFound('clone', cloneId);
        return known;
      },
    },
    teams: {
      async roleIn(teamId, userId) {
        const request = { teamId, userId, pageSize: 1, pageToken: '' };
        const options = { timeoutMs: TIMEOUT_MS, onBehalfOf: userId };
        const found = await members.listTeamMembers(request, options).catch((thrown: unknown) => {
          if (isMissing(thrown)) return { members: [] };
          throw awayOr('teams', thrown);
        });
        const member = found.members.find((each) => each.userId === userId);
        return member && roleOf(member.role);
      },
      async isActive(userId) {
        const { inactive } = await access
          .listMemberships({ userId }, { timeoutMs: TIMEOUT_MS })
          .catch((thrown: unknown) => {
            throw awayOr('teams', thrown);
          });
        return !inactive;
      },
      rolesOf: memberships.rolesOf,
      async readNews(after, signal) {
        const { entries } = await history.readHistory({ after, pageSize: NEWS_PAGE }, { signal });
        return entries.map(newsOf);
      },
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof RemoteError && thrown.code === 'NOT_FOUND';
}

/** A peer that cannot be asked means no. Anything else it says is a bug, and stays one. */
function awayOr(peer: string, thrown: unknown): unknown {
  const isAway =
    thrown instanceof RemoteError &&
    (thrown.code === 'UNAVAILABLE' || thrown.code === 'DEADLINE_EXCEEDED');
  return isAway ? unavailable(peer, thrown) : thrown;
}
