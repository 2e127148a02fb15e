import { type BlobStore, blobStoreFrom } from '@ramet/blobs';
import { type Database, migrate, openDatabase } from '@ramet/database';
import type { Scope } from '@ramet/service';
import type { ServiceConfig } from './config.js';
import type { Deps, Outside } from './deps.js';
import { DEADLINES } from './domain/phases.js';
import { createDigester } from './sealing/digester.js';
import { createSealer } from './sealing/sealer.js';
import { Actions } from './store/actions.js';
import { CloneReads } from './store/clone-reads.js';
import { Clones } from './store/clones.js';
import { OwnerOverrides } from './store/owner-overrides.js';
import { Quotas } from './store/quotas.js';
import { Results } from './store/results.js';
import { Retention } from './store/retention.js';
import { Runners } from './store/runners.js';
import { Secrets } from './store/secrets.js';
import { Signers } from './store/signers.js';
import { Templates } from './store/templates.js';
import { WebhookDeliveries } from './store/webhook-deliveries.js';
import { WebhookIntake } from './store/webhook-intake.js';
import { WebhookOutbox } from './store/webhook-outbox.js';
import { Webhooks } from './store/webhooks.js';
import { Work } from './store/work.js';

const MIGRATIONS = new URL('../migrations/', import.meta.url);

const POOL_SIZE = 8;
const LANE_SIZE = 2;

/** What holds where the settings do not say: in tests. */
const RESULTS_BYTES = 10 * 1024 ** 3;
const TOMBSTONE_MS = 730 * 24 * 60 * 60_000;

/** The connections of the service, apart by what must not wait for what. */
export interface Pools {
  readonly db: Database;
  /** For batches of creations alone, so that they never queue behind reads. */
  readonly creations: Database;
  /** For what peers ask while they answer us: it never waits for what waits for them. */
  readonly callbacks: Database;
}

/** Opens the pools, and brings the schema up to date. */
export async function openPools(
  config: ServiceConfig,
  { logger }: Pick<Outside, 'logger'>,
  scope: Scope,
): Promise<Pools> {
  const open = async (poolSize: number): Promise<Database> =>
    scope.use(
      await openDatabase({
        url: config.databaseUrl,
        ...(config.databasePassword && { password: config.databasePassword.text() }),
        logger,
        schema: 'lifecycle',
        application: 'lifecycle',
        entities: [],
        poolSize,
      }),
    );
  const db = await open(POOL_SIZE);
  await migrate(db, MIGRATIONS);
  return { db, creations: await open(LANE_SIZE), callbacks: await open(LANE_SIZE) };
}

type Stores = Pick<
  Deps,
  | 'clones'
  | 'reads'
  | 'runners'
  | 'signers'
  | 'quotas'
  | 'work'
  | 'directory'
  | 'sealer'
  | 'secrets'
  | 'templates'
  | 'ownerOverrides'
  | 'actions'
  | 'results'
  | 'retention'
  | 'webhooks'
  | 'deliveries'
  | 'intake'
  | 'outbox'
>;

/** Makes all that lies in the database. */
export function createStores(
  config: ServiceConfig,
  { db, creations, callbacks }: Pools,
  { failpoints, ids }: Outside,
): Stores {
  const { cloneQuota, leaseMs, secretsKeys, deadlines = DEADLINES } = config;
  const { resultsMaxBytes = RESULTS_BYTES, tombstoneRetentionMs = TOMBSTONE_MS } = config;
  const reads = new CloneReads(db);
  const sealer = createSealer(secretsKeys, ids);
  const secrets = new Secrets({ db, sealer, digest: createDigester(secretsKeys) });
  return {
    reads,
    sealer,
    secrets,
    templates: new Templates(db),
    ownerOverrides: new OwnerOverrides(db, secrets),
    clones: new Clones({ db, lane: creations, reads, deadlines, cloneQuota, failpoints }),
    runners: new Runners(db),
    signers: new Signers(db),
    quotas: new Quotas(db, cloneQuota),
    work: new Work(db, reads, leaseMs),
    webhooks: new Webhooks(db),
    deliveries: new WebhookDeliveries(db),
    intake: new WebhookIntake(db),
    outbox: new WebhookOutbox(db),
    directory: new CloneReads(callbacks),
    actions: new Actions(db),
    results: new Results(db, resultsMaxBytes),
    retention: new Retention(db, { tombstoneMs: tombstoneRetentionMs }),
  };
}

/** Opens the place where the bytes of results lie. */
export function openBlobs(
  { blobsLocation: location, blobsCredentials }: ServiceConfig,
  { clock }: Outside,
): Promise<BlobStore> {
  const credentials = blobsCredentials?.text();
  return blobStoreFrom({ location, clock, ...(credentials !== undefined && { credentials }) });
}
