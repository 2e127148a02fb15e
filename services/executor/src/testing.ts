import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Secret } from '@ramet/config';
import { loadContract } from '@ramet/proto-gen/contract';
import { noFailpoints, systemClock } from '@ramet/service';
import type { Config } from './config.js';
import { connectTeams, type Outside, type Teams } from './outside.js';
import { removeTree } from './runtimes/process/remove-tree.js';
import { startExecutor } from './service.js';

/** What may differ from one test to the next. */
export interface TestExecutorOptions {
  readonly databaseUrl: string;
  /** Where bundles are. */
  readonly bundlesDir: string;
  /** Where runners find the mesh. Nobody is there unless it is given. */
  readonly lifecycleAddress?: string;
  readonly keysAddress?: string;
  readonly teamsAddress?: string;
  /** The executor's own key at teams. */
  readonly serviceKey?: string;
  /** Stands in for teams. */
  readonly teams?: Teams;
}

/** A host for executors: its folders outlive them. Disposing of it removes what is left. */
export interface TestHost extends AsyncDisposable {
  readonly stateDir: string;
  readonly runDir: string;
  /** Starts an executor on this host. One at a time. */
  start(settings?: Partial<Config>): Promise<TestExecutor>;
}

/** A real executor in this process, with real runners beside it. */
export interface TestExecutor extends AsyncDisposable {
  readonly address: string;
}

const RUNNER = fileURLToPath(new URL('../../runner/dist/main.js', import.meta.url));
const NOBODY = '127.0.0.1:9';

/** Makes a host with empty folders. Their path is short: it has to hold unix sockets. */
export async function makeTestHost(options: TestExecutorOptions): Promise<TestHost> {
  const root = await mkdtemp(join(tmpdir(), 'ramet-host-'));
  await chmod(root, 0o711);
  const [stateDir, runDir] = [join(root, 'state'), join(root, 'run')];
  await mkdir(stateDir, { mode: 0o700 });
  const base = configOf(options, { stateDir, runDir, hostId: root });
  return {
    stateDir,
    runDir,
    async start(settings = {}) {
      const config = { ...base, ...settings };
      return startExecutor(config, outsideOf(options, config));
    },
    [Symbol.asyncDispose]: () => removeTree(root),
  };
}

function configOf(
  options: TestExecutorOptions,
  own: Pick<Config, 'stateDir' | 'runDir' | 'hostId'>,
): Config {
  const { databaseUrl, bundlesDir, serviceKey = 'none' } = options;
  return {
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    databaseUrl,
    databasePassword: undefined,
    natsUrl: undefined,
    natsToken: undefined,
    teamsAddress: options.teamsAddress ?? NOBODY,
    keysAddress: options.keysAddress ?? NOBODY,
    lifecycleAddress: options.lifecycleAddress ?? NOBODY,
    serviceKey: new Secret(Buffer.from(serviceKey)),
    tracesDir: '',
    logLevel: 'error',
    failpointsDir: '',
    ...{ bundlesDir, storageDir: '', endpointHost: '127.0.0.1', inputsAllowPrivate: true },
    hiddenDirs: [],
    meshDir: '',
    insecureSharedUser: false,
    stopWorkloadsOnExit: false,
    runnerProgram: RUNNER,
    ...own,
  };
}

function outsideOf({ teams }: TestExecutorOptions, config: Config): Outside {
  const contract = loadContract();
  return {
    clock: systemClock,
    failpoints: noFailpoints,
    logger: SILENT,
    contract,
    connectTeams: (noTransaction) => teams ?? connectTeams(config, { contract, noTransaction }),
  };
}

const SILENT: Outside['logger'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
