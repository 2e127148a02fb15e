import { Server, ServerCredentials } from '@grpc/grpc-js';
import { bind } from './bind.js';
import { keepContexts } from './context.js';
import { type Contract, readRegistry } from './contract.js';
import { draining } from './endings.js';
import type { Audit, Authenticate, Endpoint, Limits, ServerState } from './endpoint.js';
import { Health } from './health.js';
import type { Implemented } from './implement.js';
import { isLocal } from './local.js';
import { type AnyMethod, methodsOf } from './method.js';
import { ruleOf } from './permissions.js';
import { type Clock, type Logger, machineClock } from './ports.js';
import { Reflection } from './reflection.js';
import { createDurations, createRefusals, createTracer, labelsOf } from './spans.js';
import { createThrottle, type ThrottlePolicy } from './throttle.js';
import { createDecoders } from './validation.js';
import { watchOver } from './watch-over.js';

/** A server's certificate, and who must have signed that of its clients. */
export interface ServerTls {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** Asks every client for a certificate of this authority. */
  readonly clientAuthority?: Buffer;
}

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
  /** Required on anything but loopback and unix sockets. */
  readonly tls?: ServerTls;
}

/** A server that takes calls. Disposing of it lets running calls finish, for a bounded time. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  /** What `connect` takes to reach it. */
  readonly address: string;
  /**
   * Says by grpc.health.v1 whether calls should be sent here: to the services named, where an empty
   * name is the server as a whole, else to all. They are served either way.
   */
  setServing(serving: boolean, services?: readonly string[]): void;
}

const LIMITS: Limits = {
  defaultDeadlineMs: 10_000,
  maxDeadlineMs: 60_000,
  maxMessageBytes: 4 * 1024 * 1024,
  drainMs: 5_000,
  maxConnectionAgeMs: 30 * 60_000,
  maxConnectionGraceMs: 60_000,
  maxConcurrentStreams: 10_000,
};

/** sockaddr_un holds no more; Node would cut a longer path off without an error. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Serves these services, with health and reflection beside them.
 *
 * Throws if a method has no rule, no handler or no descriptor, and if plaintext would leave the
 * machine.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { services, contract, host, tls, throttle, clock = machineClock } = options;
  assertBindable(host, tls);
  keepContexts();
  const limits = { ...LIMITS, ...options.limits };
  const state: ServerState = {
    authenticate: options.authenticate,
    logger: options.logger,
    clock,
    limits,
    tracer: createTracer(),
    durations: createDurations(),
    audit: options.audit,
    throttle: throttle && createThrottle(throttle, { clock, refusals: createRefusals() }),
    open: new Set(),
    draining: false,
  };

  const names = services.map(nameOf);
  const health = new Health(names);
  const reflection = new Reflection({
    contract,
    services: [...names, ...BUILT_IN_NAMES],
    authenticate: isLocal(host) ? undefined : options.authenticate,
  });
  const endpoints = new Map<string, Endpoint>();
  prepare(endpoints, services, contract);
  for (const [, method] of methodsOf(health.implemented.definition)) {
    endpoints.set(method.path, offered(method));
  }

  const server = new Server({
    ...channelOptions(limits),
    interceptors: [watchOver(endpoints, state)],
  });
  for (const each of [...services, health.implemented]) {
    const { definition, implementation } = bind(each, endpoints);
    server.addService(definition, implementation);
  }
  for (const each of reflection.bound) server.addService(each.definition, each.implementation);

  const port = await listen(server, addressOf(host, options.port), tls);
  let stopping: Promise<void> | undefined;
  return {
    port,
    address: addressOf(host, port),
    setServing: (serving, names) => health.set(serving && !state.draining, names),
    [Symbol.asyncDispose]: () => {
      stopping ??= drain(server, state, health, reflection);
      return stopping;
    },
  };
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
  const decoderOf = createDecoders(readRegistry(contract));
  for (const { definition } of services) {
    for (const [, method] of methodsOf(definition)) {
      endpoints.set(method.path, {
        path: method.path,
        labels: labelsOf(method.path),
        streams: method.responseStream || method.requestStream,
        uploads: method.requestStream,
        rule: ruleOf(contract, method.path),
        quiet: false,
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
    decode: requestDeserialize,
    encode: responseSerialize,
  };
}

/**
 * Lets running calls finish, ends streams of responses, refuses new calls; cuts what is left after a while.
 *
 * Watchers of the health are told first, so that a balancer sends its calls elsewhere.
 */
async function drain(
  server: Server,
  state: ServerState,
  health: Health,
  reflection: Reflection,
): Promise<void> {
  health.set(false);
  await new Promise((resolve) => setImmediate(resolve));

  state.draining = true;
  reflection.close();
  for (const call of [...state.open]) {
    if (call.endpoint.streams && !call.endpoint.uploads) call.abort(draining());
  }
  const stopTimer = state.clock.after(state.limits.drainMs, () => {
    for (const call of [...state.open]) call.abort(draining());
    server.forceShutdown();
  });
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  stopTimer();
}

function listen(server: Server, address: string, tls: ServerTls | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsOf(tls), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

function credentialsOf(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const { certificate, key, clientAuthority } = tls;
  const pair = { private_key: key, cert_chain: certificate };
  return ServerCredentials.createSsl(clientAuthority ?? null, [pair], Boolean(clientAuthority));
}

function assertBindable(host: string, tls: ServerTls | undefined): void {
  if (host.startsWith('unix:')) {
    const bytes = Buffer.byteLength(host.slice('unix:'.length));
    if (bytes <= MAX_SOCKET_PATH_BYTES) return;
    throw new Error(`a socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes, not ${bytes}`);
  }
  if (isLocal(host) || tls) return;
  throw new Error(`plaintext is for loopback only: serving on ${host} needs a certificate`);
}

function addressOf(host: string, port: number): string {
  if (host.startsWith('unix:')) return host;
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
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
