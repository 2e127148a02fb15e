import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CreateExecutionRequest,
  ExecutionServiceService,
  WorkloadChanged,
  WorkloadState,
} from '@ramet/proto-gen/executor.v1';
import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import { connect, type Remote, RemoteError } from '@ramet/rpc';
import { Scope, systemClock, systemIds } from '@ramet/service';
import { createDatabase } from '@ramet/test/support';
import { type FakeMesh, startFakeMesh } from './fake-mesh.js';
import { removeTree } from './runtimes/process/remove-tree.js';
import { makeTestHost, type TestExecutor, type TestHost } from './testing.js';

type Executions = Remote<typeof ExecutionServiceService>;
/** What names an execution. */
export type Ids = Pick<CreateExecutionRequest, 'executionId' | 'epoch'>;

/** A real executor with its host and database, and those whom runners report to, played. */
export interface House extends AsyncDisposable {
  readonly host: TestHost;
  readonly mesh: FakeMesh;
  readonly executions: Executions;
  readonly databaseUrl: string;
  /** Where bundles are. */
  readonly bundlesDir: string;
  address(): string;
  restart(settings?: Parameters<TestHost['start']>[0]): Promise<void>;
  until(ids: Ids, state: WorkloadState): ReturnType<typeof workloadOf>;
  arrives(isThere: () => boolean): Promise<void>;
  events(): Promise<readonly string[]>;
  runnerOf(ids: Ids): Promise<string>;
}

/** Opens a house with an empty host. Disposing of it removes all that was made. */
export async function openHouse(): Promise<House> {
  const scope = new Scope();
  const database = scope.use(await createDatabase());
  const mesh = scope.use(await startFakeMesh(SILENT));
  const bundlesDir = await mkdtemp(join(tmpdir(), 'ramet-bundles-'));
  scope.defer(() => removeTree(bundlesDir));
  await mkdir(join(bundlesDir, 'shell'));
  const common = { lifecycleAddress: mesh.address, teamsAddress: mesh.address };
  const options = { ...common, databaseUrl: database.url, bundlesDir, teams: mesh.teams };
  const host = scope.use(await makeTestHost(options));
  let executor: TestExecutor = await host.start();
  let client = clientOf(executor);
  scope.defer(() => executor[Symbol.asyncDispose]());
  scope.defer(() => removeAll(client));
  const executions = new Proxy({} as Executions, { get: (_, name) => Reflect.get(client, name) });
  return {
    host,
    mesh,
    executions,
    bundlesDir,
    databaseUrl: database.url,
    address: () => executor.address,
    async restart(settings) {
      await executor[Symbol.asyncDispose]();
      executor = await host.start(settings);
      client = clientOf(executor);
    },
    async until(ids, state) {
      for (;;) {
        const workload = await workloadOf(client, ids);
        if (workload.state === state) return workload;
        await systemClock.sleep(20);
      }
    },
    async arrives(isThere) {
      while (!isThere()) await systemClock.sleep(20);
    },
    async events() {
      await using history = connect(HistoryServiceService, executor.address);
      const metadata = { 'x-test-caller': 'service:lifecycle' };
      const count = (await client.listExecutions(ALL)).workloads.length;
      assert.equal(count, 1);
      for (;;) {
        const page = await history.readHistory({ after: 0n, pageSize: 0 }, { metadata });
        const entries = page.entries.filter(({ kind }) => kind.startsWith('workload.'));
        const last = entries.at(-1);
        const state = last && WorkloadChanged.decode(last.payload).workload?.state;
        const [workload] = (await client.listExecutions(ALL)).workloads;
        if (state === workload?.state) return entries.map(({ kind }) => kind.split('.')[1] ?? '');
        await systemClock.sleep(20);
      }
    },
    runnerOf: (ids) =>
      readFile(join(host.stateDir, 'executions', nameOf(ids), 'runner.json'), 'utf8'),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** The request for a list of everything. */
export const ALL = { cloneId: '', pageSize: 0, pageToken: '' };

async function removeAll(executions: Executions): Promise<void> {
  for (;;) {
    const { workloads } = await executions.listExecutions(ALL);
    const left = workloads.filter(({ state }) => state !== WorkloadState.REMOVED);
    if (left.length === 0) return;
    for (const workload of left) await executions.deleteExecution(workload);
    await systemClock.sleep(20);
  }
}

function clientOf({ address }: TestExecutor): Executions {
  const remote = connect(ExecutionServiceService, address);
  const metadata = { 'x-test-caller': 'service:lifecycle' };
  const handler: ProxyHandler<Executions> = {
    get: (target, name) => (request: object) => Reflect.get(target, name)(request, { metadata }),
  };
  return new Proxy(remote, handler);
}

async function workloadOf(executions: Executions, { executionId, epoch }: Ids) {
  const { workload } = await executions.getExecution({ executionId, epoch });
  assert.ok(workload);
  return workload;
}

/** A request that a test may still change. */
export type Wish = { -readonly [Key in keyof CreateExecutionRequest]: CreateExecutionRequest[Key] };

/** The request for an execution that runs a script, and asks for nothing else. */
export function executionOf(script: string): Wish {
  return {
    executionId: systemIds.make('exe'),
    cloneId: systemIds.make('cln'),
    epoch: 1,
    source: sourceOf(['sh', '-c', script]),
    ...{ parameters: [], inputs: [], overrides: [], ports: [] },
    ...{ limits: undefined, probe: undefined, keyId: '', stage: '', endless: false },
    ...{ fetchInputs: false, hasSecrets: false, freshStorage: false, keepResults: false },
  };
}

/** A source of the only bundle there is. */
export function sourceOf(command: readonly string[], tag = '') {
  const value = { bundle: 'shell', command: [...command], tag };
  return { source: { $case: 'process' as const, value }, revision: 1 };
}

/** What everything made for an execution outside is called. */
export function nameOf({ executionId, epoch }: Ids): string {
  return `${executionId}-e${epoch}`;
}

/** Whether an error is an answer with this reason. */
export function hasReason(reason: string) {
  return (thrown: unknown) => thrown instanceof RemoteError && thrown.reason === reason;
}

/** Whether an error is an answer with this code. */
export function hasCode(code: string) {
  return (thrown: unknown) => thrown instanceof RemoteError && thrown.code === code;
}

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
