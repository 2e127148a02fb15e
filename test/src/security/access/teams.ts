import { aName } from '../support/story.js';
import { all, always, but, DENIED, everyMachine, type Row } from './row.js';

const TEAM = 'TEAM_NOT_FOUND';
const BOT = 'BOT_NOT_FOUND';
const USER = 'USER_NOT_FOUND';
const INVITATION = 'INVITATION_NOT_FOUND';
const SOURCE = { process: { bundle: 'hostile', command: ['sleep', '3600'] } };

const PROVIDER = 'IDENTITY_PROVIDER_NOT_FOUND';

const OF_EVERYBODY = (verdict: string): Pick<Row, 'people' | 'machines' | 'isOpen'> => ({
  people: always(all(verdict)),
  machines: everyMachine(verdict),
  isOpen: true,
});

/** Who may do what at teams. */
export const TEAMS: readonly Row[] = [
  {
    rpc: 'ramet.teams.v1.SetupService/BootstrapAdmin',
    request: () => ({ bootstrapToken: 'a token that is not it', name: 'root' }),
    ...OF_EVERYBODY('ALREADY_BOOTSTRAPPED'),
  },
  {
    rpc: 'ramet.teams.v1.TokenService/ExchangeToken',
    request: () => ({ apiKey: 'a key that is none' }),
    ...OF_EVERYBODY('CREDENTIAL_INVALID'),
  },
  {
    rpc: 'ramet.teams.v1.TokenService/LogIn',
    request: () => ({ apiKey: 'a key that is none' }),
    ...OF_EVERYBODY('CREDENTIAL_INVALID'),
  },
  {
    rpc: 'ramet.teams.v1.TokenService/RefreshToken',
    request: () => ({ refreshToken: 'a token that is none' }),
    ...OF_EVERYBODY('CREDENTIAL_INVALID'),
  },
  {
    rpc: 'ramet.teams.v1.TokenService/GetLoginProvider',
    request: () => ({ name: 'nowhere' }),
    ...OF_EVERYBODY(PROVIDER),
  },
  {
    rpc: 'ramet.teams.v1.TokenService/ExchangeIdentityToken',
    request: () => ({ identityToken: 'a token that is none' }),
    ...OF_EVERYBODY('CREDENTIAL_INVALID'),
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/CreateIdentityProvider',
    request: () => ({
      name: aName(),
      kind: 'IDENTITY_PROVIDER_KIND_PEOPLE',
      issuer: `https://${aName()}.example.com`,
      audience: 'ramet',
    }),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/ListIdentityProviders',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/UpdateIdentityProvider',
    request: () => ({ id: `idp_${'0'.repeat(26)}` }),
    people: always(but(DENIED, PROVIDER)),
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/DeleteIdentityProvider',
    request: () => ({ id: `idp_${'0'.repeat(26)}` }),
    people: always(but(DENIED, PROVIDER)),
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/LinkIdentity',
    request: ({ userId }) => ({ providerId: `idp_${'0'.repeat(26)}`, subject: 'ada', userId }),
    people: always(but(DENIED, PROVIDER)),
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/ListIdentities',
    request: ({ userId }) => ({ userId }),
    people: { own: but(DENIED, 'ok'), foreign: but(DENIED, 'ok'), missing: but(DENIED, USER) },
  },
  {
    rpc: 'ramet.teams.v1.IdentityProviderService/UnlinkIdentity',
    request: () => ({ id: `idn_${'0'.repeat(26)}` }),
    people: always(but(DENIED, 'IDENTITY_NOT_FOUND')),
  },
  {
    rpc: 'ramet.teams.v1.TokenService/ListVerificationKeys',
    request: () => ({}),
    ...OF_EVERYBODY('ok'),
  },
  {
    rpc: 'ramet.teams.v1.UserService/CreateUser',
    request: () => ({ name: aName() }),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.teams.v1.UserService/GetUser',
    request: ({ userId }) => ({ id: userId }),
    people: { own: [USER, USER, USER, 'ok', 'ok'], foreign: but(USER, 'ok'), missing: all(USER) },
  },
  {
    rpc: 'ramet.teams.v1.UserService/ListUsers',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
  {
    // The tokens of those who ask are of no login.
    rpc: 'ramet.teams.v1.UserService/Logout',
    request: () => ({}),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.teams.v1.UserService/CreateApiKey',
    request: ({ userId }) => ({ userId, name: 'one more' }),
    people: { own: [USER, USER, USER, 'ok', 'ok'], foreign: but(USER, 'ok'), missing: all(USER) },
  },
  {
    // A user who is not there has no keys.
    rpc: 'ramet.teams.v1.UserService/ListApiKeys',
    request: ({ userId }) => ({ userId }),
    people: {
      own: [USER, USER, USER, 'ok', 'ok'],
      foreign: but(USER, 'ok'),
      missing: but(USER, 'ok'),
    },
  },
  {
    rpc: 'ramet.teams.v1.UserService/RevokeApiKey',
    request: ({ apiKeyId }) => ({ id: apiKeyId }),
    people: {
      own: ['API_KEY_NOT_FOUND', 'API_KEY_NOT_FOUND', 'API_KEY_NOT_FOUND', 'ok', 'ok'],
      foreign: but('API_KEY_NOT_FOUND', 'ok'),
      missing: all('API_KEY_NOT_FOUND'),
    },
  },
  {
    rpc: 'ramet.teams.v1.TeamService/CreateTeam',
    request: () => ({ name: aName() }),
    people: always(all('ok')),
  },
  {
    rpc: 'ramet.teams.v1.TeamService/GetTeam',
    request: ({ teamId }) => ({ id: teamId }),
    people: { own: [TEAM, 'ok', 'ok', 'ok', 'ok'], foreign: but(TEAM, 'ok'), missing: all(TEAM) },
  },
  {
    rpc: 'ramet.teams.v1.TeamService/ListTeams',
    request: () => ({ all: true }),
    people: always(but(DENIED, 'ok')),
  },
  {
    rpc: 'ramet.teams.v1.TeamService/DeleteTeam',
    request: ({ teamId }) => ({ id: teamId, etag: 'stale' }),
    people: {
      own: [TEAM, DENIED, DENIED, 'ETAG_STALE', DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    rpc: 'ramet.teams.v1.TeamService/SetTeamMember',
    request: ({ teamId }, { personal }) => ({
      teamId,
      userId: personal.userId,
      role: 'TEAM_ROLE_MEMBER',
    }),
    people: {
      own: [TEAM, DENIED, DENIED, 'ok', DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    rpc: 'ramet.teams.v1.TeamService/RemoveTeamMember',
    request: ({ teamId }, { missing }) => ({ teamId, userId: missing.userId }),
    people: {
      own: [TEAM, DENIED, DENIED, 'ok', DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    // Who is not in a team cannot be made its OWNER.
    rpc: 'ramet.teams.v1.TeamService/TransferTeamOwnership',
    request: ({ teamId }, { missing }) => ({ teamId, userId: missing.userId }),
    people: {
      own: [TEAM, DENIED, DENIED, USER, DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    rpc: 'ramet.teams.v1.InvitationService/CreateInvitation',
    request: ({ teamId }) => ({ teamId, role: 'TEAM_ROLE_MEMBER' }),
    people: {
      own: [TEAM, DENIED, 'ok', 'ok', DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    // It is for whoever has its code, which its id is not.
    rpc: 'ramet.teams.v1.InvitationService/AcceptInvitation',
    request: ({ invitationId }) => ({ id: invitationId }),
    people: always(all(INVITATION)),
  },
  {
    rpc: 'ramet.teams.v1.InvitationService/DeclineInvitation',
    request: ({ invitationId }) => ({ id: invitationId }),
    people: always(all(INVITATION)),
  },
  {
    rpc: 'ramet.teams.v1.InvitationService/RevokeInvitation',
    request: ({ invitationId }) => ({ id: invitationId }),
    people: {
      own: [INVITATION, DENIED, 'ok', 'ok', DENIED],
      foreign: but(INVITATION, DENIED),
      missing: all(INVITATION),
    },
  },
  {
    rpc: 'ramet.teams.v1.InvitationService/ListInvitations',
    request: ({ teamId }) => ({ teamId }),
    people: {
      own: [TEAM, DENIED, 'ok', 'ok', 'ok'],
      foreign: but(TEAM, 'ok'),
      missing: all(TEAM),
    },
  },
  {
    rpc: 'ramet.teams.v1.UserService/DisableUser',
    request: (_, { missing }) => ({ id: missing.userId, reason: 'a test' }),
    people: always(but(DENIED, USER)),
  },
  {
    rpc: 'ramet.teams.v1.UserService/EnableUser',
    request: (_, { missing }) => ({ id: missing.userId }),
    people: always(but(DENIED, USER)),
  },
  {
    rpc: 'ramet.teams.v1.ServiceAccountService/CreateServiceAccount',
    request: ({ teamId }) => ({ teamId, name: aName(), role: 'TEAM_ROLE_MEMBER' }),
    people: {
      own: [TEAM, DENIED, 'ok', 'ok', DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    rpc: 'ramet.teams.v1.ServiceAccountService/ListServiceAccounts',
    request: ({ teamId }) => ({ teamId }),
    people: { own: [TEAM, 'ok', 'ok', 'ok', 'ok'], foreign: but(TEAM, 'ok'), missing: all(TEAM) },
  },
  ...['DisableServiceAccount', 'EnableServiceAccount', 'DeleteServiceAccount'].map(
    (method): Row => ({
      rpc: `ramet.teams.v1.ServiceAccountService/${method}`,
      request: ({ accountId }) => ({
        id: accountId,
        ...(method === 'DisableServiceAccount' && { reason: 'a test' }),
      }),
      people: {
        own: [USER, DENIED, 'ok', 'ok', DENIED],
        foreign: but(USER, DENIED),
        missing: all(USER),
      },
    }),
  ),
  {
    rpc: 'ramet.teams.v1.TeamService/ListTeamMembers',
    request: ({ teamId }) => ({ teamId }),
    people: { own: [TEAM, 'ok', 'ok', 'ok', 'ok'], foreign: but(TEAM, 'ok'), missing: all(TEAM) },
    machines: { keys: ['ok', 'ok', TEAM], lifecycle: ['ok', 'ok', TEAM] },
  },
  {
    rpc: 'ramet.teams.v1.BotService/CreateBot',
    request: ({ teamId }) => ({ teamId, name: aName() }),
    people: {
      own: [TEAM, DENIED, 'ok', 'ok', DENIED],
      foreign: but(TEAM, DENIED),
      missing: all(TEAM),
    },
  },
  {
    rpc: 'ramet.teams.v1.BotService/GetBot',
    request: ({ botId }) => ({ id: botId }),
    people: { own: [BOT, 'ok', 'ok', 'ok', 'ok'], foreign: but(BOT, 'ok'), missing: all(BOT) },
  },
  {
    rpc: 'ramet.teams.v1.BotService/ListBots',
    request: ({ teamId }) => ({ teamId }),
    people: { own: [TEAM, 'ok', 'ok', 'ok', 'ok'], foreign: but(TEAM, 'ok'), missing: all(TEAM) },
  },
  {
    rpc: 'ramet.teams.v1.BotService/SetBotSource',
    request: ({ botId, teamId }) => ({ id: botId, owner: { teamId }, source: SOURCE }),
    people: {
      own: [BOT, DENIED, 'ok', 'ok', DENIED],
      foreign: but(BOT, DENIED),
      missing: all(BOT),
    },
  },
  {
    rpc: 'ramet.teams.v1.BotService/DeleteBot',
    request: ({ botId }) => ({ id: botId, etag: 'stale' }),
    people: {
      own: [BOT, DENIED, 'ETAG_STALE', 'ETAG_STALE', DENIED],
      foreign: but(BOT, DENIED),
      missing: all(BOT),
    },
  },
  {
    rpc: 'ramet.teams.v1.AccessService/ListMemberships',
    request: ({ userId }) => ({ userId }),
    machines: {
      keys: ['ok', 'ok', 'ok'],
      lifecycle: ['ok', 'ok', 'ok'],
      executor: ['ok', 'ok', 'ok'],
    },
  },
  {
    rpc: 'ramet.teams.v1.AccessService/CheckCloneAdmission',
    request: ({ botId }, { own }) => ({
      botId,
      owner: { teamId: own.teamId },
      userId: own.userId,
    }),
    machines: { lifecycle: ['ok', BOT, BOT] },
  },
  {
    // Denied is one who is not there: later cells are about the others.
    rpc: 'ramet.teams.v1.StandingService/DenyOwner',
    request: (_, { missing }) => ({ owner: { userId: missing.userId }, reason: 'a test' }),
    people: always(but(DENIED, USER)),
  },
  {
    rpc: 'ramet.teams.v1.StandingService/AllowOwner',
    request: ({ teamId }) => ({ owner: { teamId }, reason: 'a test' }),
    people: { own: but(DENIED, 'ok'), foreign: but(DENIED, 'ok'), missing: but(DENIED, TEAM) },
  },
  {
    rpc: 'ramet.teams.v1.StandingService/GrantAccess',
    request: ({ userId }) => ({
      owner: { userId },
      kinds: ['ENTITLED_KIND_BOT'],
      reason: 'a test',
    }),
    people: { own: but(DENIED, 'ok'), foreign: but(DENIED, 'ok'), missing: but(DENIED, USER) },
  },
  {
    rpc: 'ramet.teams.v1.StandingService/WithdrawAccess',
    request: ({ userId }) => ({ owner: { userId }, reason: 'a test' }),
    people: { own: but(DENIED, 'ok'), foreign: but(DENIED, 'ok'), missing: but(DENIED, USER) },
  },
  {
    rpc: 'ramet.teams.v1.StandingService/GetStanding',
    request: ({ teamId }) => ({ owner: { teamId } }),
    people: { own: but(DENIED, 'ok'), foreign: but(DENIED, 'ok'), missing: but(DENIED, TEAM) },
  },
  {
    rpc: 'ramet.teams.v1.StandingService/ListStandings',
    request: () => ({}),
    people: always(but(DENIED, 'ok')),
  },
  {
    // Owners who are not there never were on a list.
    rpc: 'ramet.teams.v1.AccessService/GetStandings',
    request: ({ userId, teamId }) => ({ ownerIds: [userId, teamId] }),
    machines: { lifecycle: ['ok', 'ok', 'ok'] },
  },
  {
    rpc: 'ramet.teams.v1.AccessService/MintWorkloadToken',
    request: ({ cloneId, executionId }) => ({ cloneId, executionId, epoch: 1 }),
    machines: { executor: ['ok', 'ok', 'ok'] },
  },
  {
    rpc: 'ramet.teams.v1.AccessService/WatchRevocations',
    request: () => ({}),
    machines: {
      keys: ['ok', 'ok', 'ok'],
      lifecycle: ['ok', 'ok', 'ok'],
      executor: ['ok', 'ok', 'ok'],
    },
  },
  {
    // What was not revoked is not, whether it is there or not.
    rpc: 'ramet.teams.v1.AccessService/CheckRevocation',
    request: ({ userId }) => ({ userId, tokenId: 'tok_1' }),
    machines: {
      keys: ['ok', 'ok', 'ok'],
      lifecycle: ['ok', 'ok', 'ok'],
      executor: ['ok', 'ok', 'ok'],
    },
  },
  {
    rpc: 'ramet.teams.v1.WorkloadTokenService/RenewWorkloadToken',
    request: () => ({}),
    machines: { runner: ['ok', 'ok', 'ok'], otherRunner: ['ok', 'ok', 'ok'] },
  },
];
