import { AuditServiceService } from '@ramet/proto-gen/audit.v1';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  AccessServiceService,
  type Bot,
  BotServiceService,
  BotSource,
  IdentityProviderServiceService,
  type ImageSource,
  InvitationServiceService,
  ProviderServiceService,
  ServiceAccountServiceService,
  SetupServiceService,
  StandingServiceService,
  type Team,
  TeamRole,
  TeamServiceService,
  TokenServiceService,
  UserServiceService,
  WorkloadTokenServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect, type Remote } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { startTestTeams, type TestTeams, type TestTeamsOptions, type TestUser } from './testing.js';

/** A teams service with a database of its own, and clients that end with it. */
export interface House extends AsyncDisposable {
  readonly teams: TestTeams;
  readonly databaseUrl: string;
  /** The whole API, called with a token. An empty one is none. */
  as(token: string): Api;
  asService(name: string): Promise<Api>;
  asAdmin(): Promise<Api>;
}

/** The API as one caller sees it. */
export interface Api {
  readonly setup: Remote<typeof SetupServiceService>;
  readonly tokens: Remote<typeof TokenServiceService>;
  readonly users: Remote<typeof UserServiceService>;
  readonly identityProviders: Remote<typeof IdentityProviderServiceService>;
  readonly teams: Remote<typeof TeamServiceService>;
  readonly invitations: Remote<typeof InvitationServiceService>;
  readonly accounts: Remote<typeof ServiceAccountServiceService>;
  readonly bots: Remote<typeof BotServiceService>;
  readonly providers: Remote<typeof ProviderServiceService>;
  readonly standings: Remote<typeof StandingServiceService>;
  readonly access: Remote<typeof AccessServiceService>;
  readonly workloads: Remote<typeof WorkloadTokenServiceService>;
  readonly history: Remote<typeof HistoryServiceService>;
  readonly audit: Remote<typeof AuditServiceService>;
}

/** The first page of a list. */
export const FIRST = { pageSize: 0, pageToken: '' };

/** Starts teams on a database of its own. */
export async function openHouse(options: Partial<TestTeamsOptions> = {}): Promise<House> {
  await using scope = new Scope();
  const { url: databaseUrl } = scope.use(await createDatabase());
  const teams = scope.use(await startTestTeams({ databaseUrl, ...options }));
  const running = scope.move();

  const as = (token: string): Api => apiOf(teams.address, token, running);
  return {
    teams,
    databaseUrl,
    as,
    asService: async (name) => as(await teams.serviceToken(name)),
    asAdmin: async () => as((await teams.admin()).token),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Calls teams at an address with a token. The connection ends with the scope. */
export function apiOf(address: string, token: string, scope: Scope): Api {
  const to = <Service extends object>(service: Service): Remote<Service> =>
    scope.use(connect(service, address, token === '' ? {} : { token: async () => token }));
  return {
    setup: to(SetupServiceService),
    tokens: to(TokenServiceService),
    users: to(UserServiceService),
    identityProviders: to(IdentityProviderServiceService),
    teams: to(TeamServiceService),
    invitations: to(InvitationServiceService),
    accounts: to(ServiceAccountServiceService),
    bots: to(BotServiceService),
    providers: to(ProviderServiceService),
    standings: to(StandingServiceService),
    access: to(AccessServiceService),
    workloads: to(WorkloadTokenServiceService),
    history: to(HistoryServiceService),
    audit: to(AuditServiceService),
  };
}

/** Creates a team that the caller owns. */
export async function createTeam({ teams }: Api, name: string): Promise<Team> {
  const { team } = await teams.createTeam({ requestId: '', name });
  if (!team) throw new Error('no team came back');
  return team;
}

/** Creates a bot with a source for its team. */
export async function createBot({ bots }: Api, teamId: string, name: string): Promise<Bot> {
  const { bot } = await bots.createBot({ requestId: '', teamId, name, teamSource: source('team') });
  if (!bot) throw new Error('no bot came back');
  return bot;
}

/** A team of an owner, an admin and a member, with a bot. */
export interface Crew {
  readonly team: Team;
  readonly bot: Bot;
  readonly owner: TestUser;
  readonly admin: TestUser;
  readonly member: TestUser;
}

/** Makes users whose names begin alike, a team of them, and a bot. */
export async function createCrew(house: House, name: string): Promise<Crew> {
  const owner = await house.teams.createUser(`${name}-owner`);
  const admin = await house.teams.createUser(`${name}-admin`);
  const member = await house.teams.createUser(`${name}-member`);
  const api = house.as(owner.token);
  const team = await createTeam(api, name);
  const join = (user: TestUser, role: TeamRole) =>
    api.teams.setTeamMember({ teamId: team.id, userId: user.id, role });
  await join(admin, TeamRole.ADMIN);
  await join(member, TeamRole.MEMBER);
  return { team, bot: await createBot(api, team.id, 'trader'), owner, admin, member };
}

/** What a bot runs. */
export function source(bundle: string, tag = ''): BotSource {
  const value = { bundle, tag, command: ['node', 'bot.mjs'] };
  return BotSource.fromPartial({ source: { $case: 'process', value } });
}

/** An image that a bot runs. */
export function image(value: Partial<ImageSource>): BotSource {
  const all = { repository: 'ghcr.io/acme/bot', ...value };
  return BotSource.fromPartial({ source: { $case: 'image', value: all } });
}

/** An owner of the kind that the id is of. */
export function ownerOf(id: string) {
  const $case = id.startsWith('tem_') ? ('teamId' as const) : ('userId' as const);
  return { owner: { $case, value: id } };
}
