import { type Clock, Scope, systemClock } from '@ramet/service';
import { type MeshCertificates, startCertificates } from './certificates.js';
import { isServing } from './health.js';
import { keptPorts } from './kept-ports.js';
import { type Layout, layoutOf, logOf, programOf, SERVICES, type ServiceName } from './layout.js';
import { takeLock } from './lock.js';
import { rotate } from './logs.js';
import { makeSecrets } from './mesh-secrets.js';
import { endAll, processesMarked, type Seen } from './proc.js';
import { dieWithParent, type Exit, startProcess } from './process.js';
import { makeRunFolder, removeRunFolder } from './run-folder.js';
import { privateFolder } from './secrets.js';
import { baseEnv, MARK, type ServicePort, type Surroundings, serviceEnv } from './service-env.js';
import { type Given, type Stores, startStores } from './stores.js';
import { Supervised } from './supervised.js';

/** How to bring up a mesh. */
export interface MeshOptions {
  readonly stateDir: string;
  readonly given?: Given;
  /** The variables that children may inherit a few of, such as PATH and HOME. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly logLevel?: string;
  /** More settings for a service, over those that it gets anyway. */
  readonly settings?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;
  /** Other builds of the services, by the path of their program. */
  readonly programs?: Readonly<Partial<Record<ServiceName, string>>>;
  /** False for tests: a crash of the machine, but not of a process, may lose what was committed. */
  readonly durable?: boolean;
  readonly clock?: Clock;
  /** Told when a process of the mesh ended unasked. It is started again. */
  onUnasked?(name: string, exit: Exit): void;
  /** Told of what goes wrong in the launcher itself, and will be tried again. */
  onTrouble?(what: string): void;
}

/** Where a service of the mesh listens. */
export interface Endpoint {
  readonly address: string;
  /** Where other services call it, each with its own certificate. */
  readonly mesh: string;
  /** Where Prometheus finds its metrics. */
  readonly metrics: string;
  readonly logFile: string;
}

/** The processes of a mesh, kept running until it is stopped. */
export interface Mesh extends AsyncDisposable {
  readonly layout: Layout;
  readonly stores: Stores;
  readonly certificates: MeshCertificates;
  readonly endpoints: Readonly<Record<ServiceName, Endpoint>>;
  service(name: ServiceName): Supervised;
  /**
   * Stops everything, the workloads included, and looks for what is left.
   *
   * Returns the processes that had to be killed because nobody had ended them. Stopping again
   * does nothing.
   */
  stop(): Promise<readonly Seen[]>;
}

const SERVICE_PORTS: readonly ServicePort[] = SERVICES.flatMap((name) => {
  return [name, `${name}-mesh`, `${name}-metrics`] as const;
});
const READY_MS = 90_000;
const GRACE_MS = 15_000;
/** The executor stops its workloads first, each with a grace of its own. */
const EXECUTOR_GRACE_MS = 45_000;
const LEFT_OVER_MS = 5_000;
/** How a service runs: what is new takes 16 MiB of its memory at most, of which V8 gives little back. */
const FLAGS = ['--enable-source-maps', '--max-semi-space-size=8'];
/**
 * How a process runs that holds secrets, beside that. The private keys that OpenSSL opens lie in memory that is not
 * swapped: 16 MiB are enough for 7 000 RSA keys at once, and half a million others.
 */
const FLAGS_FOR_SECRETS = [
  '--disable-proto=delete',
  '--secure-heap=16777216',
  '--secure-heap-min=32',
];
/** What keys serves also while it is sealed: then it is up, and waits for an administrator. */
const SEALED_OR_NOT = 'ramet.keys.v1.SealService';

/**
 * Starts a mesh in a state folder: its database and bus, and its services on top of them.
 *
 * Resolves when all of them serve. Throws AlreadyRunning if another process runs a mesh there;
 * whatever was started is stopped if anything fails.
 */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  await using scope = new Scope();
  const layout = layoutOf(options.stateDir);
  makeFolders(layout);
  const lock = takeLock(layout.lock);
  scope.defer(() => lock[Symbol.dispose]());
  const clock = options.clock ?? systemClock;
  const programs = programsOf(options);
  await endLeftOverServices({ layout, programs, clock });
  let left: readonly Seen[] = [];
  scope.defer(async () => {
    left = await endLeftOver(layout, clock);
    removeRunFolder(layout.run);
  });

  const secrets = makeSecrets(layout);
  const ports = await keptPorts(layout.ports, ['postgres', 'nats', ...SERVICE_PORTS]);
  const env = baseEnv(layout, options.env ?? {});
  const onError = (thrown: unknown) => options.onTrouble?.(`no certificates: ${String(thrown)}`);
  // Made while the stores start.
  const making = startCertificates({ layout, clock, onError });
  scope.defer(() =>
    making.then(
      (made) => made[Symbol.dispose](),
      () => undefined,
    ),
  );
  const stores = await startStores(
    {
      ...{ layout, secrets, ports, env, clock },
      given: options.given ?? {},
      durable: options.durable ?? true,
      onUnasked: options.onUnasked ?? (() => undefined),
    },
    scope,
  );
  const certificates = await making;
  const logLevel = options.logLevel ?? 'info';
  const around: Surroundings = { ...stores, layout, secrets, certificates, ports, logLevel };
  const services = new Map(
    SERVICES.map((name) => {
      const own = { ...serviceEnv(name, around), ...options.settings?.[name] };
      return [
        name,
        scope.use(supervise(name, { ...env, ...own }, { layout, programs, clock, options })),
      ];
    }),
  );
  await Promise.all([...services.values()].map((service) => service.start()));

  const running = scope.move();
  const stop = async (): Promise<readonly Seen[]> => {
    await running[Symbol.asyncDispose]();
    return left;
  };
  return {
    layout,
    stores,
    certificates,
    endpoints: endpointsOf(layout, ports),
    service: (name) => services.get(name) as Supervised,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

type Programs = Readonly<Record<ServiceName, string>>;

function programsOf({ programs }: MeshOptions): Programs {
  const own = Object.fromEntries(SERVICES.map((name) => [name, programOf(name)]));
  return { ...own, ...programs } as Programs;
}

/** Where and how one service runs. */
interface Place {
  readonly layout: Layout;
  readonly programs: Programs;
  readonly clock: Clock;
  readonly options: MeshOptions;
}

function supervise(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  { layout, programs, clock, options }: Place,
): Supervised {
  const logFile = logOf(layout, name);
  const flags = name === 'keys' ? FLAGS_FOR_SECRETS : [];
  const program = [process.execPath, ...FLAGS, ...flags, programs[name]];
  return new Supervised({
    name,
    logFile,
    clock,
    stopSignal: 'SIGTERM',
    graceMs: name === 'executor' ? EXECUTOR_GRACE_MS : GRACE_MS,
    readyMs: READY_MS,
    restart: true,
    launch() {
      rotate(logFile);
      // Killed, not asked: the end of the launcher looks to a service like that of the machine.
      const argv = [...dieWithParent('KILL'), ...program];
      return startProcess({ argv, env, logFile, cwd: layout.state });
    },
    isServing: () => isServing(Number(env.PORT), clock, name === 'keys' ? SEALED_OR_NOT : ''),
    ...(options.onUnasked && { onUnasked: options.onUnasked }),
  });
}

function makeFolders(layout: Layout): void {
  const { state, secrets, credentials, logs, traces, failpoints, executor } = layout;
  for (const folder of [state, secrets, credentials, logs, traces, failpoints, executor]) {
    privateFolder(folder);
  }
  makeRunFolder(layout.run);
}

function endpointsOf(
  layout: Layout,
  ports: Surroundings['ports'],
): Readonly<Record<ServiceName, Endpoint>> {
  const endpoint = (name: ServiceName): Endpoint => ({
    address: `127.0.0.1:${ports[name]}`,
    mesh: `127.0.0.1:${ports[`${name}-mesh`]}`,
    metrics: `http://127.0.0.1:${ports[`${name}-metrics`]}/metrics`,
    logFile: logOf(layout, name),
  });
  return {
    teams: endpoint('teams'),
    keys: endpoint('keys'),
    lifecycle: endpoint('lifecycle'),
    executor: endpoint('executor'),
  };
}

/**
 * Ends the services and the bus that a launcher which was killed has left.
 *
 * Runners and their workloads stay: the executor adopts them. The database ends its own.
 */
async function endLeftOverServices({
  layout,
  programs,
  clock,
}: Omit<Place, 'options'>): Promise<void> {
  const ours = [...Object.values(programs), layout.nats];
  const find = (): readonly Seen[] => {
    const marked = processesMarked(MARK, layout.state);
    return marked.filter(({ commandLine }) => ours.some((part) => commandLine.includes(part)));
  };
  await endAll(find, 'SIGTERM', { clock, withinMs: LEFT_OVER_MS });
  await endAll(find, 'SIGKILL', { clock, withinMs: LEFT_OVER_MS });
}

/** Kills whatever still carries the mark of this mesh, and says what it was. */
async function endLeftOver(layout: Layout, clock: Clock): Promise<readonly Seen[]> {
  const find = (): readonly Seen[] => processesMarked(MARK, layout.state);
  const left = find();
  const survivors = await endAll(find, 'SIGKILL', { clock, withinMs: LEFT_OVER_MS });
  if (survivors.length > 0) {
    const told = survivors.map(({ pid, commandLine }) => `${pid} ${commandLine}`).join('\n  ');
    throw new Error(`these processes do not end:\n  ${told}`);
  }
  return left;
}
