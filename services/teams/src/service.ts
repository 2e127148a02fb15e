import { startAudit } from '@ramet/audit';
import type { Secret } from '@ramet/config';
import { type Database, migrate, openDatabase, startSequencer } from '@ramet/database';
import { loadContract } from '@ramet/proto-gen/contract';
import {
  createTokenSource,
  createVerifier,
  type Jwk,
  ownerCharge,
  serve,
  throttlePolicy,
} from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { teamsApi } from './api.js';
import type { Config } from './config.js';
import { createCredentials } from './credentials/credentials.js';
import { IdentityTokens } from './credentials/identity-tokens.js';
import { createReuseAlarm } from './credentials/reuse-alarm.js';
import { RevocationLog } from './credentials/revocation-log.js';
import { RotatingSigner } from './credentials/rotating-signer.js';
import { TOKEN_NAMES } from './credentials/token-signer.js';
import type { Deps, RenewalCharge } from './deps.js';
import type { Outside } from './outside.js';
import { ApiKeyTable } from './store/api-key-table.js';
import { ApiKeys } from './store/api-keys.js';
import { Bots } from './store/bots.js';
import { Housekeeping } from './store/housekeeping.js';
import { IdentityProviders } from './store/identity-providers.js';
import { Invitations } from './store/invitations.js';
import { KeyUses } from './store/key-uses.js';
import { Logins } from './store/logins.js';
import { meshIdOf } from './store/mesh.js';
import { Past } from './store/past.js';
import { Providers } from './store/providers.js';
import { ServiceAccounts } from './store/service-accounts.js';
import { SignIns } from './store/sign-ins.js';
import { Standings } from './store/standings.js';
import { Teams } from './store/teams.js';
import { TokenKeys } from './store/token-keys.js';
import { UserTable } from './store/user-table.js';
import { Users } from './store/users.js';

/** One every five seconds, and a few at once. */
const RENEWALS = { rateLimit: 0.2, rateBurst: 5 };

const MIGRATIONS = new URL('../migrations/', import.meta.url);

/** The service, while it runs. Disposing of it drains it. */
export interface TeamsService extends AsyncDisposable {
  readonly port: number;
  /** What `connect` takes to reach it. */
  readonly address: string;
}

/** Starts the service. This is the one place that knows how its parts fit together. */
export async function startTeams(config: Config, outside: Outside): Promise<TeamsService> {
  await using scope = new Scope();
  const { bus, clock, logger, ids, failpoints } = outside;

  const db = scope.use(await openStore(config, outside.logger));
  await migrate(db, MIGRATIONS);
  scope.use(startSequencer({ db, service: 'teams', clock, logger, ...(bus && { bus }) }));

  const { tokenKeys, tokenLifeSeconds: lifeSeconds } = config;
  const read = (): Secret => tokenKeys.read();
  const tokens = scope.use(
    await RotatingSigner.open({
      ...{ read, table: new TokenKeys(db, ids.make('rep')) },
      ...{ clock, ids, logger, lifeSeconds },
    }),
  );
  const lifecycle = outside.connectLifecycle({
    token: createTokenSource({ clock, exchange: () => ownToken(tokens) }),
    noTransaction: () => {
      if (db.inTransaction()) throw new Error('a transaction is open across a call');
    },
  });
  const revocations = scope.use(new RevocationLog({ db, clock, logger }));
  scope.use(new Housekeeping({ db, clock, logger }));
  const stores = storesIn(db);
  const keyUses = scope.use(new KeyUses({ db, clock, logger }));
  const contract = loadContract();
  const deps: Deps = {
    ...stores,
    ...{ tokens, revocations, identityTokens: new IdentityTokens(clock) },
    credentials: createCredentials({ ...config, apiKeys: stores.apiKeys, keyUses, ids }),
    lifecycle: scope.use(lifecycle),
    meshId: await meshIdOf(db, ids.make('msh')),
    accessListEnabled: config.accessListEnabled,
    actions: [...contract.rules.values()].map(({ action }) => action),
    chargeOwner: ownerCharge(config, clock),
    chargeRenewal: renewalCharge(config, clock),
    tellOfReuse: createReuseAlarm(logger),
    ...{ clock, ids, failpoints },
  };

  const audit = scope.use(
    startAudit({ db, service: 'teams', clock, logger, retentionDays: config.auditRetentionDays }),
  );
  const { host, port } = config;
  const keys = async (): Promise<readonly Jwk[]> =>
    (await tokens.currentKeys()).map(({ jwk }) => jwk);
  const authenticate = createVerifier({ ...TOKEN_NAMES, keys, revocations, clock });
  const throttle = throttlePolicy(config);
  const services = [...teamsApi(deps), audit.implemented];
  const server = scope.use(
    await serve({
      ...outside.listening,
      ...{ host, port, services, contract, authenticate, throttle, logger, clock },
      audit: audit.keep,
    }),
  );

  const running = scope.move();
  return {
    port: server.port,
    address: server.address,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function openStore(
  { databaseUrl: url, databasePassword }: Config,
  logger: Outside['logger'],
): Promise<Database> {
  return openDatabase({
    url,
    ...(databasePassword && { password: databasePassword.text() }),
    logger,
    schema: 'teams',
    application: 'teams',
    entities: [UserTable, ApiKeyTable],
  });
}

function storesIn(db: Database) {
  return {
    users: new Users(db),
    apiKeys: new ApiKeys(db),
    logins: new Logins(db),
    teams: new Teams(db),
    invitations: new Invitations(db),
    serviceAccounts: new ServiceAccounts(db),
    bots: new Bots(db),
    providers: new Providers(db),
    standings: new Standings(db),
    past: new Past(db),
    identityProviders: new IdentityProviders(db),
    signIns: new SignIns(db),
  };
}

/** A workload renews its token every few minutes. Held to nothing where nobody is. */
function renewalCharge(config: Config, clock: Outside['clock']): RenewalCharge {
  return {
    ofExecution: ownerCharge(config.rateLimit ? RENEWALS : {}, clock),
    ofOwner: ownerCharge(config, clock),
  };
}

/** This service needs nobody for a token of its own. */
async function ownToken(tokens: Pick<RotatingSigner, 'sign'>) {
  const { text, lifeSeconds } = await tokens.sign({ kind: 'service', name: 'teams' });
  return { token: text, expiresInMs: lifeSeconds * 1_000 };
}
