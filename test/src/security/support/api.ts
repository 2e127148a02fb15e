import { KeyServiceService } from '@ramet/proto-gen/keys.v1';
import {
  ActionServiceService,
  CloneServiceService,
  OverrideServiceService,
  ResultServiceService,
  TemplateServiceService,
  WebhookServiceService,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  AccessServiceService,
  BotServiceService,
  InvitationServiceService,
  ProviderServiceService,
  ServiceAccountServiceService,
  StandingServiceService,
  TeamServiceService,
  UserServiceService,
} from '@ramet/proto-gen/teams.v1';
import { connect, type Remote } from '@ramet/rpc';
import type { Scope } from '@ramet/service';
import type { TestMesh } from './mesh.js';

/** How long a call of a test may take. */
const RUN_MS = 60_000;

/** The whole API, called with one token. */
export interface Api {
  readonly users: Remote<typeof UserServiceService>;
  readonly teams: Remote<typeof TeamServiceService>;
  readonly invitations: Remote<typeof InvitationServiceService>;
  readonly accounts: Remote<typeof ServiceAccountServiceService>;
  readonly bots: Remote<typeof BotServiceService>;
  readonly providers: Remote<typeof ProviderServiceService>;
  readonly standings: Remote<typeof StandingServiceService>;
  readonly access: Remote<typeof AccessServiceService>;
  readonly keys: Remote<typeof KeyServiceService>;
  readonly clones: Remote<typeof CloneServiceService>;
  readonly webhooks: Remote<typeof WebhookServiceService>;
  readonly templates: Remote<typeof TemplateServiceService>;
  readonly overrides: Remote<typeof OverrideServiceService>;
  readonly actions: Remote<typeof ActionServiceService>;
  readonly results: Remote<typeof ResultServiceService>;
}

/** Opens clients of the whole API for the owner of a token. They end with the scope. */
export function apiOf(test: TestMesh, token: string, scope: Scope): Api {
  const bearer = { token: async () => token, timeoutMs: RUN_MS };
  const [teams, keys] = [test.addressOf('teams'), test.addressOf('keys')];
  return {
    users: scope.use(connect(UserServiceService, teams, bearer)),
    teams: scope.use(connect(TeamServiceService, teams, bearer)),
    invitations: scope.use(connect(InvitationServiceService, teams, bearer)),
    accounts: scope.use(connect(ServiceAccountServiceService, teams, bearer)),
    bots: scope.use(connect(BotServiceService, teams, bearer)),
    providers: scope.use(connect(ProviderServiceService, teams, bearer)),
    standings: scope.use(connect(StandingServiceService, teams, bearer)),
    access: scope.use(connect(AccessServiceService, teams, bearer)),
    keys: scope.use(connect(KeyServiceService, keys, bearer)),
    clones: scope.use(connect(CloneServiceService, test.addressOf('lifecycle'), bearer)),
    webhooks: scope.use(connect(WebhookServiceService, test.addressOf('lifecycle'), bearer)),
    templates: scope.use(connect(TemplateServiceService, test.addressOf('lifecycle'), bearer)),
    overrides: scope.use(connect(OverrideServiceService, test.addressOf('lifecycle'), bearer)),
    actions: scope.use(connect(ActionServiceService, test.addressOf('lifecycle'), bearer)),
    results: scope.use(connect(ResultServiceService, test.addressOf('lifecycle'), bearer)),
  };
}
