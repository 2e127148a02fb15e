import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  AccessServiceService,
  BotServiceService,
  IdentityProviderServiceService,
  InvitationServiceService,
  ProviderServiceService,
  ServiceAccountServiceService,
  SetupServiceService,
  StandingServiceService,
  TeamServiceService,
  TokenServiceService,
  UserServiceService,
  WorkloadTokenServiceService,
} from '@ramet/proto-gen/teams.v1';
import { type Implemented, implement } from '@ramet/rpc';
import type { Deps } from './deps.js';
import { acceptInvitation } from './handlers/accept-invitation.js';
import { allowOwner } from './handlers/allow-owner.js';
import { bootstrapAdmin } from './handlers/bootstrap-admin.js';
import { checkCloneAdmission } from './handlers/check-clone-admission.js';
import { checkRevocation } from './handlers/check-revocation.js';
import { createApiKey } from './handlers/create-api-key.js';
import { createBot } from './handlers/create-bot.js';
import { createIdentityProvider } from './handlers/create-identity-provider.js';
import { createInvitation } from './handlers/create-invitation.js';
import { createServiceAccount } from './handlers/create-service-account.js';
import { createTeam } from './handlers/create-team.js';
import { createUser } from './handlers/create-user.js';
import { declineInvitation } from './handlers/decline-invitation.js';
import { deleteBot } from './handlers/delete-bot.js';
import { deleteIdentityProvider } from './handlers/delete-identity-provider.js';
import { deleteServiceAccount } from './handlers/delete-service-account.js';
import { deleteTeam } from './handlers/delete-team.js';
import { denyOwner } from './handlers/deny-owner.js';
import { disableServiceAccount } from './handlers/disable-service-account.js';
import { disableUser } from './handlers/disable-user.js';
import { enableServiceAccount } from './handlers/enable-service-account.js';
import { enableUser } from './handlers/enable-user.js';
import { exchangeIdentityToken } from './handlers/exchange-identity-token.js';
import { exchangeSignedRequest } from './handlers/exchange-signed-request.js';
import { exchangeToken } from './handlers/exchange-token.js';
import { getBot } from './handlers/get-bot.js';
import { getLoginProvider } from './handlers/get-login-provider.js';
import { getProvider } from './handlers/get-provider.js';
import { getStanding } from './handlers/get-standing.js';
import { getStandings } from './handlers/get-standings.js';
import { getTeam } from './handlers/get-team.js';
import { getUser } from './handlers/get-user.js';
import { grantAccess } from './handlers/grant-access.js';
import { linkIdentity } from './handlers/link-identity.js';
import { listApiKeys } from './handlers/list-api-keys.js';
import { listBots } from './handlers/list-bots.js';
import { listIdentities } from './handlers/list-identities.js';
import { listIdentityProviders } from './handlers/list-identity-providers.js';
import { listInvitations } from './handlers/list-invitations.js';
import { listMemberships } from './handlers/list-memberships.js';
import { listProviders } from './handlers/list-providers.js';
import { listServiceAccounts } from './handlers/list-service-accounts.js';
import { listStandings } from './handlers/list-standings.js';
import { listTeamMembers } from './handlers/list-team-members.js';
import { listTeams } from './handlers/list-teams.js';
import { listUsers } from './handlers/list-users.js';
import { listVerificationKeys } from './handlers/list-verification-keys.js';
import { logIn } from './handlers/log-in.js';
import { logout } from './handlers/logout.js';
import { mintWorkloadToken } from './handlers/mint-workload-token.js';
import { readHistory } from './handlers/read-history.js';
import { refreshToken } from './handlers/refresh-token.js';
import { registerProvider } from './handlers/register-provider.js';
import { removeTeamMember } from './handlers/remove-team-member.js';
import { renewWorkloadToken } from './handlers/renew-workload-token.js';
import { revokeApiKey } from './handlers/revoke-api-key.js';
import { revokeInvitation } from './handlers/revoke-invitation.js';
import { setBotSource } from './handlers/set-bot-source.js';
import { setTeamMember } from './handlers/set-team-member.js';
import { transferTeamOwnership } from './handlers/transfer-team-ownership.js';
import { unlinkIdentity } from './handlers/unlink-identity.js';
import { updateIdentityProvider } from './handlers/update-identity-provider.js';
import { updateProvider } from './handlers/update-provider.js';
import { watchRevocations } from './handlers/watch-revocations.js';
import { withdrawAccess } from './handlers/withdraw-access.js';

/** Joins every RPC of teams with its handler. */
export function teamsApi(deps: Deps): readonly Implemented[] {
  return [
    implement(SetupServiceService, { bootstrapAdmin: bootstrapAdmin(deps) }),
    implement(TokenServiceService, {
      exchangeToken: exchangeToken(deps),
      logIn: logIn(deps),
      getLoginProvider: getLoginProvider(deps),
      exchangeIdentityToken: exchangeIdentityToken(deps),
      refreshToken: refreshToken(deps),
      exchangeSignedRequest: exchangeSignedRequest(deps),
      listVerificationKeys: listVerificationKeys(deps),
    }),
    implement(UserServiceService, {
      createUser: createUser(deps),
      getUser: getUser(deps),
      logout: logout(deps),
      listUsers: listUsers(deps),
      disableUser: disableUser(deps),
      enableUser: enableUser(deps),
      createApiKey: createApiKey(deps),
      listApiKeys: listApiKeys(deps),
      revokeApiKey: revokeApiKey(deps),
    }),
    identityProviderApi(deps),
    implement(TeamServiceService, {
      createTeam: createTeam(deps),
      getTeam: getTeam(deps),
      listTeams: listTeams(deps),
      deleteTeam: deleteTeam(deps),
      setTeamMember: setTeamMember(deps),
      removeTeamMember: removeTeamMember(deps),
      transferTeamOwnership: transferTeamOwnership(deps),
      listTeamMembers: listTeamMembers(deps),
    }),
    ...placesInTeams(deps),
    implement(BotServiceService, {
      createBot: createBot(deps),
      getBot: getBot(deps),
      listBots: listBots(deps),
      setBotSource: setBotSource(deps),
      deleteBot: deleteBot(deps),
    }),
    implement(ProviderServiceService, {
      registerProvider: registerProvider(deps),
      getProvider: getProvider(deps),
      listProviders: listProviders(deps),
      updateProvider: updateProvider(deps),
    }),
    implement(StandingServiceService, {
      denyOwner: denyOwner(deps),
      allowOwner: allowOwner(deps),
      grantAccess: grantAccess(deps),
      withdrawAccess: withdrawAccess(deps),
      getStanding: getStanding(deps),
      listStandings: listStandings(deps),
    }),
    implement(AccessServiceService, {
      listMemberships: listMemberships(deps),
      checkCloneAdmission: checkCloneAdmission(deps),
      getStandings: getStandings(deps),
      mintWorkloadToken: mintWorkloadToken(deps),
      watchRevocations: watchRevocations(deps),
      checkRevocation: checkRevocation(deps),
    }),
    implement(WorkloadTokenServiceService, { renewWorkloadToken: renewWorkloadToken(deps) }),
    implement(HistoryServiceService, { readHistory: readHistory(deps) }),
  ];
}

function identityProviderApi(deps: Deps): Implemented {
  return implement(IdentityProviderServiceService, {
    createIdentityProvider: createIdentityProvider(deps),
    listIdentityProviders: listIdentityProviders(deps),
    updateIdentityProvider: updateIdentityProvider(deps),
    deleteIdentityProvider: deleteIdentityProvider(deps),
    linkIdentity: linkIdentity(deps),
    listIdentities: listIdentities(deps),
    unlinkIdentity: unlinkIdentity(deps),
  });
}

/** How people and programs come into teams. */
function placesInTeams(deps: Deps): readonly Implemented[] {
  return [
    implement(InvitationServiceService, {
      createInvitation: createInvitation(deps),
      acceptInvitation: acceptInvitation(deps),
      declineInvitation: declineInvitation(deps),
      revokeInvitation: revokeInvitation(deps),
      listInvitations: listInvitations(deps),
    }),
    implement(ServiceAccountServiceService, {
      createServiceAccount: createServiceAccount(deps),
      listServiceAccounts: listServiceAccounts(deps),
      disableServiceAccount: disableServiceAccount(deps),
      enableServiceAccount: enableServiceAccount(deps),
      deleteServiceAccount: deleteServiceAccount(deps),
    }),
  ];
}
