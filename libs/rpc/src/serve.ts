import { Server } from '@grpc/grpc-js';
import type { Audit } from './audit.js';
import { bind } from './bind.js';
import type { Certificates } from './certificates.js';
import { keepContexts } from './context.js';
import { type Contract, findMethod, readRegistry } from './contract.js';
import { draining } from './endings.js';
import type { Authenticate, Endpoint, Limits, ServerState } from './endpoint.js';
import { Health } from './health.js';
import type { Implemented } from './implement.js';
import { addressOf, assertBindable, listenPublicly } from './listening.js';
import { isLocal } from './local.js';
import { listenToMesh, type MeshListening } from './mesh-listener.js';
import { type AnyMethod, methodsOf } from './method.js';
import type { Peer } from './peer.js';
import { ruleOf } from './permissions.js';
import { type Clock, type Logger, machineClock } from './ports.js';
import { Reflection } from './reflection.js';
import { holdsSecrets } from './request-secrets.js';
import { RevokedCutter } from './revoked-cutter.js';
import { createDurations, createRefusals, createTracer, labelsOf } from './spans.js';
import { createThrottle, type ThrottlePolicy } from './throttle.js';
import type { TlsListener } from './tls-listener.js';
import { createDecoders } from './validation.js';
import { watchOver } from './watch-over.js';

/** What to serve, where, and what to go by. */
export interface ServeOptions {
  /** A host name or address, or `unix:` and an absolute path of at most 107 bytes. */
  readonly host: string;
  /** Any free one if 0. Means nothing for a unix socket. */
  readonly port: number;
  readonly services: readonly Implemented[];
  readonly contract: Contract;
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** Told of every call that is to be kept: of all that change something, and of refusals. */
  readonly audit?: Audit;
  /** Holds callers to a rate. None is held to any if this is absent. */
  readonly throttle?: ThrottlePolicy | undefined;
  /** What is shown to clients. Required on anything but loopback and unix sockets. */
  readonly tls?: Certificates | undefined;
  /**
   * Where the other services call, which then have to prove themselves by certificates. Without it
   * they are believed by their tokens alone.
   */
  readonly mesh?: MeshListening | undefined;
}

/** A server that takes calls. Disposing of it lets running calls finish, for a bounded time. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  /** What `connect` takes to reach it. */
  readonly address: string;
  /** What other services take to reach it. Undefined where they call as everybody else. */
  readonly meshAddress: string | undefined;
  /**
   * Says by grpc.health.v1 whether calls should be sent here: to the services named, where an empty
   * name is the server as a whole, else to all. They are served either way.
   */
  setServing(serving: boolean, services?: readonly string[]): void;
}

/** Peers connect anew this often: none of them outlives its certificate by more. */
const MESH_CONNECTION_AGE_MS = 10 * 60_000;

const LIMITS: Limits = {
  defaultDeadlineMs: 10_000,
  maxDeadlineMs: 60_000,
  maxMessageBytes: 4 * 1024 * 1024,
  drainMs: 5_000,
  maxConnectionAgeMs: 30 * 60_000,
  maxConnectionGraceMs: 60_000,
  maxConcurrentStreams: 10_000,
};

/**
 * Serves these services, with health and reflection beside them.
 *
 * Throws if a method has no rule, no handler or no descriptor, and if plaintext would leave the
 * machine.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { host, tls, mesh } = options;
  assertBindable(host, tls);
  keepContexts();
  const state = stateOf(options);
  const { revocations } = options.authenticate;
  const cutter = revocations && new RevokedCutter(state, revocations);
  const offer = offerOf(options, state);

  const open = createServer(offer, state, mesh ? 'public' : 'unasked');
  const servers = [open];
  const refused = (reason: string): void => state.logger.debug('a client was refused', { reason });
  const listeners = [await listenPublicly(open, { host, port: options.port, tls }, refused)];
  if (mesh) {
    const inner = createServer(offer, state, 'mesh');
    servers.push(inner);
    listeners.push(await listenToMesh(inner, mesh, state));
  }

  const [{ port = 0 } = {}, inner] = listeners;
  let stopping: Promise<void> | undefined;
  return {
    port,
    address: addressOf(host, port),
    meshAddress: mesh && inner && addressOf(mesh.host, inner.port),
    setServing: (serving, names) => offer.health.set(serving && !state.draining, names),
    [Symbol.asyncDispose]: () => {
      cutter?.[Symbol.dispose]();
      stopping ??= drain({ servers, listeners, state, offer });
      return stopping;
    },
  };
}

/** What all listeners of a service offer. */
interface Offer {
  readonly services: readonly Implemented[];
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly health: Health;
  readonly reflection: Reflection;
}

function stateOf(options: ServeOptions): ServerState {
  const { throttle, clock = machineClock } = options;
  return {
    authenticate: options.authenticate,
    logger: options.logger,
    clock,
    limits: { ...LIMITS, ...options.limits },
    tracer: createTracer(),
    durations: createDurations(),
    audit: options.audit,
    throttle: throttle && createThrottle(throttle, { clock, refusals: createRefusals() }),
    open: new Set(),
    draining: false,
  };
}

function offerOf(
  { services, contract, host, mesh, authenticate }: ServeOptions,
  { throttle }: ServerState,
): Offer {
  const names = services.map(nameOf);
  const health = new Health(names);
  const stays = isLocal(host) && (!mesh || isLocal(mesh.host));
  const reflection = new Reflection({
    contract,
    services: [...names, ...BUILT_IN_NAMES],
    authenticate: stays ? undefined : authenticate,
    throttle,
  });
  const endpoints = new Map<string, Endpoint>();
  prepare(endpoints, services, contract);
  for (const [, method] of methodsOf(health.implemented.definition)) {
    endpoints.set(method.path, offered(method));
  }
  return { services: [...services, health.implemented], endpoints, health, reflection };
}

function createServer(
  { services, endpoints, reflection }: Offer,
  state: ServerState,
  via: Peer['via'],
): Server {
  const ages = via === 'mesh' ? { maxConnectionAgeMs: MESH_CONNECTION_AGE_MS } : {};
  const server = new Server({
    ...channelOptions({ ...state.limits, ...ages }),
    interceptors: [watchOver(endpoints, state, via)],
  });
  for (const each of services) {
    const { definition, implementation } = bind(each, endpoints);
    server.addService(definition, implementation);
  }
  for (const each of reflection.bound) server.addService(each.definition, each.implementation);
  return server;
}

const BUILT_IN_NAMES = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

function prepare(
  endpoints: Map<string, Endpoint>,
  services: readonly Implemented[],
  contract: Contract,
): void {
  const registry = readRegistry(contract);
  const decoderOf = createDecoders(registry);
  for (const { definition } of services) {
    for (const [, method] of methodsOf(definition)) {
      endpoints.set(method.path, {
        path: method.path,
        labels: labelsOf(method.path),
        streams: method.responseStream || method.requestStream,
        uploads: method.requestStream,
        rule: ruleOf(contract, method.path),
        quiet: false,
        secret: holdsSecrets(findMethod(registry, method.path).input),
        decode: decoderOf(method),
        encode: method.responseSerialize,
      });
    }
  }
}

/** A method that the transport itself offers to anybody. */
function offered({
  path,
  responseStream,
  requestDeserialize,
  responseSerialize,
}: AnyMethod): Endpoint {
  return {
    path,
    labels: labelsOf(path),
    streams: responseStream,
    uploads: false,
    rule: undefined,
    quiet: true,
    secret: false,
    decode: requestDeserialize,
    encode: responseSerialize,
  };
}

interface Draining {
  readonly servers: readonly Server[];
  readonly listeners: readonly TlsListener[];
  readonly state: ServerState;
  readonly offer: Offer;
}

/**
 * Lets running calls finish, ends streams of responses, refuses new calls; cuts what is left after a while.
 *
 * Watchers of the health are told first, so that a balancer sends its calls elsewhere.
 */
async function drain({ servers, listeners, state, offer }: Draining): Promise<void> {
  offer.health.set(false);
  await new Promise((resolve) => setImmediate(resolve));

  state.draining = true;
  offer.reflection.close();
  for (const listener of listeners) listener.close();
  for (const call of [...state.open]) {
    if (call.endpoint.streams && !call.endpoint.uploads) call.abort(draining());
  }
  const stopTimer = state.clock.after(state.limits.drainMs, () => {
    for (const call of [...state.open]) call.abort(draining());
    for (const server of servers) server.forceShutdown();
  });
  await Promise.all(servers.map(shutDown));
  stopTimer();
}

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
}

function nameOf({ definition }: Implemented): string {
  const [method] = methodsOf(definition);
  return method?.[1].path.split('/')[1] ?? '';
}

function channelOptions(limits: Limits) {
  return {
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_connection_age_ms': limits.maxConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': limits.maxConnectionGraceMs,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
  };
}
