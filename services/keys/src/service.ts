import { metrics } from '@opentelemetry/api';
import { startAudit } from '@ramet/audit';
import {
  type Bus,
  connectBus,
  type Database,
  migrate,
  openDatabase,
  readNewest,
  startSequencer,
} from '@ramet/database';
import { KeyServiceService, SigningServiceService } from '@ramet/proto-gen/keys.v1';
import { ownerCharge, serve, throttlePolicy } from '@ramet/rpc';
import { Scope } from '@ramet/service';
import { keysApi } from './api.js';
import type { Config } from './config.js';
import type { Deps } from './deps.js';
import { startLogs } from './logs.js';
import type { Outside, Peers } from './outside.js';
import { startDestroyer } from './reconciler/destroyer.js';
import { followTeams } from './reconciler/teams-news.js';
import { createSealing } from './sealing/create-sealing.js';
import { createKeySealer } from './sealing/key-sealer.js';
import { wipe } from './sealing/wipe.js';
import { Acceptor } from './signing/acceptor.js';
import { Denials } from './signing/denials.js';
import { createDrain, watchLanes } from './signing/drain.js';
import { openSigningKey } from './signing/open-signing-key.js';
import { createPayloadDigest } from './signing/payload-digest.js';
import { SigningKeys } from './signing/signing-keys.js';
import { CreatorGrants } from './store/creator-grants.js';
import { DenialLog } from './store/denials.js';
import { Grants } from './store/grants.js';
import { KeyLife } from './store/key-life.js';
import { Keys } from './store/keys.js';
import { Leases } from './store/leases.js';
import { Secrets } from './store/secrets.js';
import { Signatures } from './store/signatures.js';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
const NAME = 'keys';
/** What has happened to a key that is opened anew after it. */
const CLOSING = ['deleted', 'released', 'grant_revoked', 'disabled', 'updated', 'rotated'];

/** Signing is what workloads are here for, and costs no more than a read; making keys takes seconds. */
const COSTS = new Map<string, number>([
  [SigningServiceService.signTransaction.path, 1],
  [KeyServiceService.createKey.path, 10],
  [KeyServiceService.rotateKey.path, 10],
]);
/** What is not served while the service is sealed: the server as a whole, and these. */
const NEED_SECRETS = ['', ...['Key', 'Grant', 'Signing'].map((n) => `ramet.keys.v1.${n}Service`)];

function ownerRateOf({ ownerSignRate = 0, ownerSignBurst = 0 }: Config) {
  return { rateLimit: ownerSignRate, rateBurst: ownerSignBurst };
}

/** The service, as it runs. */
export interface KeysService extends AsyncDisposable {
  readonly port: number;
  /** Where clients find it. */
  readonly address: string;
}

/** Starts the service. This is the one place that knows how its parts fit together. */
export async function startKeys(config: Config, outside: Outside): Promise<KeysService> {
  await using scope = new Scope();
  const db = scope.use(await openStore(config, outside.logger));
  const bus = startHistory(db, config, outside, scope);
  const peers = scope.use(
    outside.connectPeers(() => {
      if (db.inTransaction()) throw new Error('a transaction is open across a call');
    }),
  );
  const deps = await makeDeps({ db, bus, config, outside, peers, scope });
  if (bus) scope.defer(forgetWhatChanges(bus, peers, deps));
  await deps.sealKeeper.beat();
  scope.use(startDestroyer(deps, config.destroyMs));
  scope.use(watchLanes(db, outside));
  const { clock, logger } = outside;
  const audit = scope.use(
    startAudit({ db, service: NAME, clock, logger, retentionDays: config.auditRetentionDays }),
  );
  scope.use(followTeams({ ...deps, db, ...(bus && { bus }) }));
  const server = scope.use(
    await serve({
      ...outside.listening,
      host: config.host,
      port: config.port,
      services: [...keysApi(deps), audit.implemented],
      contract: outside.contract,
      authenticate: outside.authenticate,
      throttle: throttlePolicy(config, COSTS),
      audit: audit.keep,
      logger: outside.logger,
      clock: outside.clock,
    }),
  );
  deps.vault.watch((isOpen) => server.setServing(isOpen, NEED_SECRETS));

  const running = scope.move();
  return {
    port: server.port,
    address: server.address,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function openStore(
  { databaseUrl, databasePassword }: Config,
  logger: Outside['logger'],
): Promise<Database> {
  const db = await openDatabase({
    url: databaseUrl,
    logger,
    schema: NAME,
    application: NAME,
    ...(databasePassword && { password: databasePassword.text() }),
  });
  try {
    await migrate(db, MIGRATIONS);
    return db;
  } catch (thrown) {
    await db[Symbol.asyncDispose]();
    throw thrown;
  }
}

function startHistory(
  db: Database,
  { natsUrl: url, natsToken }: Config,
  { clock, logger }: Outside,
  scope: Scope,
): Bus | undefined {
  const token = natsToken && { token: natsToken.text() };
  const bus =
    url === '' ? undefined : scope.use(connectBus({ url, name: NAME, clock, logger, ...token }));
  scope.use(startSequencer({ db, service: NAME, clock, logger, ...(bus && { bus }) }));
  return bus;
}

/** Forgets at once what other replicas and teams have changed; without NATS, within its time. */
function forgetWhatChanges(bus: Bus, peers: Peers, deps: Deps): () => void {
  const { signingKeys, sealKeeper } = deps;
  const quits = [
    bus.subscribe('ramet.teams.>', () => peers.forgetRoles()),
    bus.subscribe('ramet.keys.seal.>', () => void sealKeeper.beat()),
    ...CLOSING.map((event) =>
      bus.subscribe(`ramet.keys.key.*.${event}`, (subject) => {
        const [, , , keyId = ''] = subject.split('.');
        signingKeys.drop(keyId);
      }),
    ),
  ];
  return () => {
    for (const quit of quits) quit();
  };
}

interface Parts {
  readonly db: Database;
  readonly bus: Bus | undefined;
  readonly config: Config;
  readonly outside: Outside;
  readonly peers: Peers;
  readonly scope: Scope;
}

async function makeDeps({ db, bus, config, outside, peers, scope }: Parts): Promise<Deps> {
  const { clock, ids, failpoints, logger } = outside;
  const secrets = new Secrets(db);
  const { envelope, ...sealing } = createSealing({
    ...{ db, secrets, ids, clock, failpoints, logger, scope },
    provider: outside.kekProvider,
  });
  const digestKeys = () => sealing.vault.opened().digests;
  const sealer = createKeySealer(envelope, digestKeys);
  const signatures = new Signatures(db);
  const signingKeys = new SigningKeys({ load: openSigningKey(secrets, sealer), clock });
  scope.defer(() => signingKeys[Symbol.dispose]());
  const denied = metrics.getMeter('@ramet/keys').createCounter('keys_signatures_denied', {
    description: 'Requests to sign that were refused, by reason.',
  });
  const refusals = new DenialLog(db);
  const running = startLogs({ db, envelope, secrets, bus, ids, clock, logger, scope });
  sealing.vault.watch((isOpen) => {
    if (isOpen) return running.wake();
    signingKeys.clear();
    running.headSigner.clear();
    wipe();
  });
  const denials = new Denials({
    async record(rows) {
      await refusals.record(rows);
      running.wake();
    },
    count: (reason) => denied.add(1, { reason }),
    clock,
  });
  scope.defer(() => denials[Symbol.dispose]());
  return {
    ...{ clock, ids, failpoints, logger, signatures, sealer, signingKeys, denials, refusals },
    chargeOwner: ownerCharge(ownerRateOf(config), clock),
    ...{ logs: running.logs, auditor: running.auditor, headSigner: running.headSigner },
    ...sealing,
    keys: new Keys(db, failpoints),
    keyLife: new KeyLife(db, failpoints),
    venueTerms: config.venueTerms ?? new Map(),
    grants: new Grants(db, ids, failpoints),
    leases: new Leases(db),
    creatorGrants: new CreatorGrants(db),
    history: { read: (after, limit) => readNewest(db, { after, limit }) },
    acceptor: scope.use(new Acceptor({ db, clock, failpoints, onRecorded: running.wake })),
    drain: createDrain(db, clock),
    payloadDigest: createPayloadDigest(() => digestKeys().payload),
    lifecycle: peers.lifecycle,
    teams: peers.teams,
  };
}
