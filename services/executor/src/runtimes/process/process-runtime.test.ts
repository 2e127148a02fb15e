import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  identify,
  isAlive,
  noFailpoints,
  type ProcessIdentity,
  processesOfUser,
  processesWithVariable,
  systemClock,
} from '@ramet/service';
import type { Observation } from '../../domain/observation.js';
import { PLAIN_SETUP } from '../../plain-setup.js';
import type { MadeWorkload } from '../runtime.js';
import { foldersOf, makeRoots } from './folders.js';
import { EXECUTION_MARK } from './launch-runner.js';
import { ProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.js';
import { makeStorageRoot } from './storages.js';

// Goal: what an executor starts, another one finds, stops and removes, and nothing is left.
// Method: the real runner and real processes; "another executor" is another ProcessRuntime on
// the same folders, as it keeps nothing in memory.

const RUNNER = fileURLToPath(new URL('../../../../runner/dist/main.js', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;

describe('the process runtime', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench.close());

  it('runs a bundle and tells how it ended', async () => {
    await bench.runtime.start(
      bench.spec('exe_a', 'echo hello; echo oops >&2; exit 3'),
      startWith('token'),
    );

    const seen = await bench.until('exe_a-e1', 'exited');

    assert.deepEqual(seen, { state: 'exited', exit: { kind: 'EXITED', exitCode: 3 } });
    assert.deepEqual(await bench.log('exe_a-e1'), ['stdout hello', 'stderr oops']);
  });

  it('starts the same execution once, however often it is asked', async () => {
    const spec = bench.spec('exe_a', 'echo once; sleep 60');
    await Promise.all(
      [1, 2, 3].map(() => bench.runtime.start(spec, startWith('token')).catch(() => undefined)),
    );
    await bench.until('exe_a-e1', 'running');
    await bench.runtime.start(spec, startWith('token'));

    await bench.again().stop('exe_a-e1', 'STOPPED', 0);
    await bench.until('exe_a-e1', 'exited');
    assert.deepEqual(await bench.log('exe_a-e1'), ['stdout once']);
  });

  it('lets another executor adopt, stop and remove what this one started', async () => {
    await bench.runtime.start(
      bench.spec('exe_a', 'trap "exit 4" TERM; echo up; while :; do sleep 0.05; done'),
      startWith(''),
    );
    await bench.until('exe_a-e1', 'running');
    const other = bench.again();

    assert.deepEqual(await other.list(), ['exe_a-e1']);
    await bench.printed('exe_a-e1', 'up');
    await other.stop('exe_a-e1', 'INTERRUPTED', 5_000);
    const seen = await bench.until('exe_a-e1', 'exited');
    await other.remove('exe_a-e1');

    assert.deepEqual(seen, { state: 'exited', exit: { kind: 'INTERRUPTED', exitCode: 4 } });
    assert.deepEqual(await other.observe('exe_a-e1'), { state: 'absent' });
    assert.deepEqual(await other.list(), []);
  });

  it('takes down the workload when its runner is killed, and calls it lost', async () => {
    const escapee = 'setsid sh -c "sleep 61; sleep 62" & sleep 63';
    await bench.runtime.start(bench.spec('exe_a', escapee), startWith(''));
    await bench.until('exe_a-e1', 'running');

    process.kill((await bench.runner('exe_a-e1')).pid, 'SIGKILL');
    const seen = await bench.until('exe_a-e1', 'exited');

    assert.deepEqual(seen, { state: 'exited', exit: { kind: 'LOST' } });
    assert.deepEqual(bench.leftOf('exe_a-e1'), []);
  });

  it('never takes a process that got the number of a runner for that runner', async () => {
    const stranger = spawn('sleep', ['60']);
    const identity = identify(stranger.pid ?? 0);
    assert.ok(identity);
    const { state, runner } = foldersOf(bench.options, 'exe_a-e1');
    await mkdir(state);
    await writeFile(runner, JSON.stringify({ ...identity, startTime: '7' }));

    const seen = await bench.runtime.observe('exe_a-e1');
    await bench.runtime.remove('exe_a-e1');

    assert.deepEqual(seen, { state: 'exited', exit: { kind: 'LOST' } });
    assert.ok(isAlive(identity));
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it('keeps a stopped execution from ever starting', async () => {
    await bench.runtime.stop('exe_a-e1', 'STOPPED', 1_000);
    await bench.runtime.start(bench.spec('exe_a', 'echo never'), startWith(''));

    const seen = await bench.until('exe_a-e1', 'exited');

    assert.deepEqual(seen, { state: 'exited', exit: { kind: 'STOPPED' } });
    assert.deepEqual(await bench.log('exe_a-e1'), []);
  });

  it('removes a workload that still runs, with all that it left behind', async () => {
    await bench.runtime.start(
      bench.spec('exe_a', 'mkdir -p deep/er; setsid sleep 61 & sleep 62'),
      startWith(''),
    );
    await bench.until('exe_a-e1', 'running');

    await bench.runtime.remove('exe_a-e1');

    assert.deepEqual(bench.leftOf('exe_a-e1'), []);
    assert.deepEqual(await bench.runtime.list(), []);
  });

  (IS_ROOT ? it : it.skip)(
    'leaves nothing in common folders for the next of its user',
    async () => {
      const left = ['/tmp', '/var/tmp'].map((folder) => join(folder, `left-${process.pid}`));
      const leave = left.map((path) => `mkdir ${path}; echo secret > ${path}/note`).join('; ');
      await bench.runtime.start(
        bench.spec('exe_a', `${leave}; test -f ${left[0]}/note`),
        startWith(''),
      );
      const seen = await bench.until('exe_a-e1', 'exited');
      assert.deepEqual(seen, { state: 'exited', exit: { kind: 'EXITED', exitCode: 0 } });

      await bench.runtime.remove('exe_a-e1');

      for (const path of left) await assert.rejects(stat(path), { code: 'ENOENT' });
    },
  );

  it('says what is wrong with a source that cannot be started', async () => {
    const workload = bench.spec('exe_a', '');
    const source = { bundle: 'no-such', command: ['true'], tag: '' };
    await bench.runtime.start({ ...workload, made: { ...workload.made, source } }, startWith(''));

    assert.deepEqual(await bench.runtime.observe('exe_a-e1'), {
      state: 'exited',
      exit: { kind: 'START_FAILED', message: 'no such bundle: no-such' },
    });
  });

  it('keeps its folders from everybody else', async () => {
    await bench.runtime.start(bench.spec('exe_a', 'true'), startWith('a token'));
    await bench.until('exe_a-e1', 'exited');

    const folders = foldersOf(bench.options, 'exe_a-e1');
    const modes = await Promise.all(
      [folders.state, folders.config, folders.run].map(
        async (path) => (await stat(path)).mode & 0o777,
      ),
    );
    assert.deepEqual(modes, [0o700, 0o600, 0o700]);
  });

  it('follows a log to the end of its workload', async () => {
    await bench.runtime.start(
      bench.spec('exe_a', 'for i in 1 2 3; do echo $i; sleep 0.2; done'),
      startWith(''),
    );

    const texts: string[] = [];
    const range = { after: 0, follow: true, signal: new AbortController().signal };
    for await (const lines of bench.runtime.logs('exe_a-e1', range)) {
      texts.push(...lines.map(({ text }) => text.toString()));
    }

    assert.deepEqual(texts, ['1', '2', '3']);
  });
});

function startWith(token: string) {
  return { token, secrets: { overrides: [], inputs: [] }, freshEpoch: 0 };
}

function withoutTimes(seen: Observation): Observation {
  return seen.state === 'exited' ? { state: seen.state, exit: seen.exit } : seen;
}

interface Bench {
  readonly options: ProcessRuntimeOptions;
  readonly runtime: ProcessRuntime;
  /** Another executor on the same folders. */
  again(): ProcessRuntime;
  spec(executionId: string, script: string): MadeWorkload;
  until(name: string, state: Observation['state']): Promise<Observation>;
  printed(name: string, text: string): Promise<void>;
  log(name: string): Promise<readonly string[]>;
  runner(name: string): Promise<ProcessIdentity>;
  /** The processes that still run of an execution. */
  leftOf(name: string): readonly number[];
  close(): Promise<void>;
}

async function openBench(): Promise<Bench> {
  const root = await mkdtemp(join(tmpdir(), 'ramet-'));
  const bundle = join(root, 'bundles', 'shell');
  await mkdir(bundle, { recursive: true });
  await writeFile(join(bundle, 'note.txt'), 'a file');
  const uidBase = 400_000 + (process.pid % 100_000) * 10;
  const options: ProcessRuntimeOptions = {
    stateDir: join(root, 'state'),
    runDir: join(root, 'run'),
    storageDir: '',
    bundlesDir: join(root, 'bundles'),
    endpointHost: '127.0.0.1',
    inputsAllowPrivate: true,
    isolation: IS_ROOT ? 'user' : 'namespace',
    uidBase,
    hiddenDirs: [],
    runnerProgram: RUNNER,
    meshDir: '',
    clock: systemClock,
    failpoints: noFailpoints,
  };
  await makeRoots(options);
  await makeStorageRoot(options);
  await chmod(root, 0o711);
  const runtime = new ProcessRuntime(options);
  const log = async (name: string): Promise<readonly string[]> => {
    const range = { after: 0, follow: false, signal: new AbortController().signal };
    const found: string[] = [];
    for await (const lines of runtime.logs(name, range)) {
      found.push(...lines.map(({ stream, text }) => `${stream} ${text}`));
    }
    return found;
  };
  return {
    options,
    runtime,
    again: () => new ProcessRuntime(options),
    spec: (executionId, script) => ({
      name: `${executionId}-e1`,
      cloneId: `cln_${executionId.replace('exe_', '')}`,
      executionId,
      epoch: 1,
      runtime: 'process',
      hostId: 'here',
      state: 'pending',
      parameters: [],
      keyId: '',
      createdAt: systemClock.now(),
      made: {
        source: { bundle: 'shell', command: ['sh', '-c', script], tag: '' },
        limits: {
          ...{ timeLimitMs: 60_000, memoryBytes: 1 << 28, graceMs: 1_000 },
          ...{ cpuMillis: 1_000, storageBytes: 1 << 28 },
        },
        setup: PLAIN_SETUP,
        slot: 1,
      },
    }),
    async until(name, state) {
      for (;;) {
        const seen = await runtime.observe(name);
        if (seen.state === state) return withoutTimes(seen);
        await systemClock.sleep(20);
      }
    },
    async printed(name, text) {
      while (!(await log(name)).some((line) => line.includes(text))) await systemClock.sleep(20);
    },
    log,
    runner: async (name) => JSON.parse(await readFile(foldersOf(options, name).runner, 'utf8')),
    leftOf: (name) => [
      ...processesWithVariable(EXECUTION_MARK, name),
      ...(IS_ROOT ? processesOfUser(uidBase + 1) : []),
    ],
    async close() {
      for (const name of await runtime.list()) await runtime.remove(name);
      await rm(root, { recursive: true });
    },
  };
}
