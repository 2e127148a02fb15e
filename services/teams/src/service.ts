import { startAudit } from '@ramet/audit';
import { migrate, openDatabase, startSequencer } from '@ramet/database';
import { loadContract } from '@ramet/proto-gen/contract';
import { createTokenSource, createVerifier, serve, throttlePolicy } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { teamsApi } from './api.js';
import type { Config } from './config.js';
import { createCredentials } from './credentials/credentials.js';
import { createTokenSigner, TOKEN_NAMES, type TokenSigner } from './credentials/token-signer.js';
import type { Deps } from './deps.js';
import type { Outside } from './outside.js';
import { ApiKeyTable } from './store/api-key-table.js';
import { ApiKeys } from './store/api-keys.js';
import { Bots } from './store/bots.js';
import { Invitations } from './store/invitations.js';
import { Logins } from './store/logins.js';
import { Past } from './store/past.js';
import { Providers } from './store/providers.js';
import { Standings } from './store/standings.js';
import { Teams } from './store/teams.js';
import { UserTable } from './store/user-table.js';
import { Users } from './store/users.js';

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

  const db = scope.use(
    await openDatabase({
      url: config.databaseUrl,
      ...(config.databasePassword && { password: config.databasePassword.text() }),
      schema: 'teams',
      application: 'teams',
      entities: [UserTable, ApiKeyTable],
    }),
  );
  await migrate(db, MIGRATIONS);
  scope.use(startSequencer({ db, service: 'teams', clock, logger, ...(bus && { bus }) }));

  const tokens = await createTokenSigner(config.tokenKeys, {
    ...{ clock, ids },
    lifeSeconds: config.tokenLifeSeconds,
  });
  const lifecycle = outside.connectLifecycle({
    token: createTokenSource({ clock, exchange: () => ownToken(tokens) }),
    noTransaction: () => {
      if (db.inTransaction()) throw new Error('a transaction is open across a call');
    },
  });
  const apiKeys = new ApiKeys(db);
  const deps: Deps = {
    users: new Users(db),
    apiKeys,
    logins: new Logins(db),
    teams: new Teams(db),
    invitations: new Invitations(db),
    bots: new Bots(db),
    providers: new Providers(db),
    standings: new Standings(db),
    past: new Past(db),
    tokens,
    credentials: createCredentials({ ...config, apiKeys, ids }),
    lifecycle: scope.use(lifecycle),
    accessListEnabled: config.accessListEnabled,
    ids,
    failpoints,
  };

  const audit = scope.use(
    startAudit({ db, service: 'teams', clock, logger, retentionDays: config.auditRetentionDays }),
  );
  const { host, port } = config;
  const jwks = tokens.publicKeys.map(({ jwk }) => jwk);
  const authenticate = createVerifier({ ...TOKEN_NAMES, keys: async () => jwks, clock });
  const throttle = throttlePolicy(config);
  const contract = loadContract();
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

/** This service needs nobody for a token of its own. */
async function ownToken(tokens: TokenSigner) {
  const { text, lifeSeconds } = await tokens.sign({ kind: 'service', name: 'teams' });
  return { token: text, expiresInMs: lifeSeconds * 1_000 };
}
