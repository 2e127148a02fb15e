import { Secret } from '@ramet/config';
import { type Database, openDatabase } from '@ramet/database';
import { loadContract } from '@ramet/proto-gen/contract';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  CreateKeyRequest,
  GrantLimits,
  GrantServiceService,
  type Key,
  KeyAlgorithm,
  KeyServiceService,
  ReceiptServiceService,
  SealServiceService,
  SigningServiceService,
  SignOperation,
} from '@ramet/proto-gen/keys.v1';
import type { Owner } from '@ramet/proto-gen/teams.v1';
import { connect, type Remote, RemoteError } from '@ramet/rpc';
import { type Failpoints, noFailpoints, Scope, systemClock, systemIds } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import { createDatabase } from '@ramet/test/support';
import type { Config } from '../config.js';
import { connectPeers, type Outside } from '../outside.js';
import { type KeysService, startKeys } from '../service.js';
import { as, callerIn, type Who } from './callers.js';
import { HeldKeks } from './held-keks.js';
import { cloneMessage, type PeerState, startPeers } from './peers.js';
import { configOf } from './replica-config.js';

/** A line that the service has logged. */
export interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** One replica, with clients of all of its services. */
export interface Replica extends AsyncDisposable {
  readonly address: string;
  readonly keys: Remote<typeof KeyServiceService>;
  readonly grants: Remote<typeof GrantServiceService>;
  readonly signing: Remote<typeof SigningServiceService>;
  readonly seal: Remote<typeof SealServiceService>;
  readonly receipts: Remote<typeof ReceiptServiceService>;
  readonly history: Remote<typeof HistoryServiceService>;
}

/** The service on a database of its own, with lifecycle and teams played. */
export interface World extends Replica {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly peers: PeerState;
  readonly log: readonly LogLine[];
  readonly keks: HeldKeks;
  /** Starts one more replica. */
  addReplica(options?: ReplicaOptions): Promise<Replica>;
}

interface ReplicaOptions {
  readonly keks?: HeldKeks;
  /** Where NATS is. Nowhere, unless said. */
  readonly nats?: { readonly url: string; readonly token: string };
  readonly failpoints?: Failpoints;
  readonly destroyMs?: number;
  /** How many signatures an owner has at once, and then one a second. Without, as many as may be. */
  readonly ownerSignBurst?: number;
  readonly venueTerms?: Config['venueTerms'];
}

/** Starts the service and all that it needs. */
export async function startWorld(options: ReplicaOptions = {}): Promise<World> {
  await using scope = new Scope();
  const database = scope.use(await createDatabase());
  const log: LogLine[] = [];
  const logger = keepingLogger(log);
  const contract = loadContract();
  const peers = scope.use(await startPeers(contract, logger));
  const keks = options.keks ?? new HeldKeks(systemIds.bytes(32));
  const token = async (): Promise<string> => 'service:keys';
  const addReplica = async (more: ReplicaOptions = {}): Promise<Replica> => {
    const config = {
      ...configOf(database.url),
      ...natsOf(more.nats ?? options.nats),
      ...givenOf({ ...options, ...more }),
    };
    const failpoints = more.failpoints ?? options.failpoints ?? noFailpoints;
    const outside: Outside = {
      ...{ clock: systemClock, ids: systemIds, failpoints, logger, contract },
      authenticate: callerIn,
      kekProvider: more.keks ?? keks,
      connectPeers: (noTransaction) =>
        connectPeers(peers, { contract, clock: systemClock, token, noTransaction }),
    };
    return scope.use(clientsOf(await startKeys(config, outside)));
  };
  const first = await addReplica();
  const db = scope.use(
    await openDatabase({ url: database.url, schema: 'keys', application: 'test' }),
  );
  const running = scope.move();
  return {
    ...first,
    ...{ db, databaseUrl: database.url, peers: peers.state, log, keks, addReplica },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

function givenOf({ destroyMs, venueTerms, ownerSignBurst }: ReplicaOptions): Partial<Config> {
  return {
    ...(ownerSignBurst !== undefined && { ownerSignRate: 1, ownerSignBurst }),
    ...(destroyMs !== undefined && { destroyMs }),
    ...(venueTerms && { venueTerms }),
  };
}

function natsOf(nats: ReplicaOptions['nats']) {
  return nats && { natsUrl: nats.url, natsToken: new Secret(Buffer.from(nats.token)) };
}

function clientsOf(service: KeysService): Replica {
  const scope = new Scope();
  scope.use(service);
  const { address } = service;
  return {
    address,
    keys: scope.use(connect(KeyServiceService, address)),
    grants: scope.use(connect(GrantServiceService, address)),
    signing: scope.use(connect(SigningServiceService, address)),
    seal: scope.use(connect(SealServiceService, address)),
    receipts: scope.use(connect(ReceiptServiceService, address)),
    history: scope.use(connect(HistoryServiceService, address)),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

function keepingLogger(lines: LogLine[]): Logger {
  const keep = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    lines.push({ message, fields });
  };
  return { debug: keep, info: keep, warn: keep, error: keep };
}

/** Lifecycle, as a caller. */
export const LIFECYCLE = as('service:lifecycle');

/** The id of a new user. */
export const newUser = (): string => systemIds.make('usr');

/** A user as the owner of something. */
function userOwner(value: string): Owner {
  return { owner: { $case: 'userId', value } };
}

/** A team as the owner of something. */
export function teamOwner(value: string): Owner {
  return { owner: { $case: 'teamId', value } };
}

/** A request to generate a key of a user, with what a test says of it. */
export function keyRequest(
  userId: string,
  request: Partial<CreateKeyRequest> = {},
): CreateKeyRequest {
  return CreateKeyRequest.fromPartial({
    owner: userOwner(userId),
    name: `k${systemIds.make('x').slice(-8)}`,
    algorithm: KeyAlgorithm.HMAC_SHA256,
    material: { $case: 'generate', value: {} },
    ...request,
  });
}

/** Creates a key of a user. */
export async function createKeyOf(
  { keys }: Pick<Replica, 'keys'>,
  userId: string,
  request: Partial<CreateKeyRequest> = {},
): Promise<Key> {
  const { key } = await keys.createKey(keyRequest(userId, request), as(`user:${userId}`));
  if (!key) throw new Error('no key was created');
  return key;
}

/** A clone, its execution, and the key that it may use. */
export interface Tenant {
  readonly userId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}

/** Has lifecycle and teams know of a personal clone of a new user, with a key of theirs. */
export async function newTenant(
  world: World,
  { key = {}, keyId, userId = newUser() }: TenantOptions = {},
): Promise<Tenant> {
  const teamId = systemIds.make('tem');
  const used = keyId ?? (await createKeyOf(world, userId, key)).id;
  const cloneId = systemIds.make('cln');
  world.peers.roles.set(`${teamId}/${userId}`, 3);
  const owner = userOwner(userId);
  world.peers.clones.set(
    cloneId,
    cloneMessage({ id: cloneId, owner, creatorId: userId, teamId, keyId: used }),
  );
  return { userId, teamId, keyId: used, cloneId, executionId: systemIds.make('exe'), epoch: 1 };
}

interface TenantOptions {
  readonly key?: Partial<CreateKeyRequest>;
  readonly keyId?: string;
  readonly userId?: string;
}

/** Authorizes a tenant's execution: to sign raw bytes, unless a test says otherwise. */
export async function authorize(
  { grants }: Pick<Replica, 'grants'>,
  { keyId, cloneId, executionId, epoch }: Tenant,
  given: Parameters<typeof GrantLimits.fromPartial>[0] = {},
): Promise<string> {
  const limits = GrantLimits.fromPartial({ operations: [SignOperation.RAW], ...given });
  const request = { keyId, cloneId, executionId, epoch, limits };
  const { grant } = await grants.authorizeCloneToUseKey(request, LIFECYCLE);
  if (!grant) throw new Error('no grant was made');
  return grant.id;
}

/** Signs bytes as the workload of a tenant. */
export async function signRaw(
  { signing }: Pick<Replica, 'signing'>,
  { keyId, cloneId, executionId, epoch }: Tenant,
  raw: string,
  requestId: string = systemIds.make('r'),
): Promise<Buffer> {
  const who: Who = `workload:${executionId}:${cloneId}:${epoch}`;
  const payload = { $case: 'raw', value: Buffer.from(raw) } as const;
  const { signature } = await signing.signTransaction({ requestId, keyId, payload }, as(who));
  return signature;
}

/** The reason that a call fails with, or `OK`. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (thrown) {
    if (thrown instanceof RemoteError) return thrown.reason;
    throw thrown;
  }
}
