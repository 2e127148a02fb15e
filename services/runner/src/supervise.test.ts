import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOfUser, systemClock } from '@ramet/service';
import type { GroupConfig, WorkloadLimits } from './config.js';
import { type Exit, kindOf } from './exit-record.js';
import { LogFiles } from './log-files.js';
import { ProcessGroup } from './process-group.js';
import { type Ending, Supervision } from './supervise.js';

// Goal: a workload is held to its limits, and nothing of it is left, however it ends.
// Method: real processes under the isolation that this machine allows, and real signals.

const LIMITS: WorkloadLimits = {
  processes: 64,
  openFiles: 256,
  fileBytes: 1 << 24,
  graceMs: 200,
};

/** Leaves its session three times over, and lets nothing but KILL end it. */
const ESCAPES = `for i in 1 2 3; do setsid sh -c 'trap "" TERM; sleep 61; sleep 62' & done
trap "" TERM; echo ready; sleep 63; sleep 64`;

const SAYS_BYE = 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done';

describe('a supervised workload', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench.close());

  const EXITS: readonly (readonly [string, string, Exit])[] = [
    ['its exit code', 'exit 7', { exitCode: 7 }],
    ['success', 'true', { exitCode: 0 }],
    ['the signal that ended it', 'kill -USR1 $$', { signal: 'SIGUSR1' }],
    ['a code that looks like a signal', 'exit 137', { exitCode: 137 }],
  ];
  for (const [what, script, exit] of EXITS) {
    it(`ends with ${what}`, async () => {
      const ending = await bench.run(['sh', '-c', script]);
      assert.deepEqual(ending, { exit, cause: undefined });
    });
  }

  it('gets only the environment that is meant for it, and no file of the runner', async () => {
    await bench.run(['sh', '-c', 'env; ls /proc/self/fd | sort -n | tr "\\n" " "; pwd']);

    const text = await bench.output();
    const names = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name).sort();
    assert.deepEqual(names, [
      'HOME',
      'LANG',
      'PATH',
      'PWD',
      'RAMET_CLONE_ID',
      'RAMET_EXECUTION',
      'RAMET_EXECUTION_ID',
      'RAMET_SOCKET',
    ]);
    assert.match(text, /0 1 2 3 /);
    assert.ok(text.includes(`${bench.folder}/work\n`));
  });

  it('is ended when its time is up', async () => {
    const ending = await bench.run(['sleep', '60'], { timeLimitMs: 100 });
    assert.equal(kindOf(ending.exit, ending.cause), 'TIMED_OUT');
  });

  it('is killed when it takes too much memory', async () => {
    const code = 'const all = []; setInterval(() => all.push(Buffer.alloc(1 << 24, 1)), 10)';
    const memoryBytes = 200 * 1024 * 1024;

    const ending = await bench.run([process.execPath, '-e', code], { memoryBytes });

    assert.deepEqual(ending, { exit: { signal: 'SIGKILL' }, cause: 'OUT_OF_MEMORY' });
  });

  it('takes everything with it, even what ignores TERM and left its session', async () => {
    const run = bench.start(['sh', '-c', ESCAPES]);
    await bench.printed('ready');

    run.supervision.end('STOPPED', 100);
    const ending = await run.ended;

    assert.deepEqual(ending, { exit: { signal: 'SIGKILL' }, cause: 'STOPPED' });
    if (bench.uid !== undefined) assert.deepEqual(processesOfUser(bench.uid), []);
  });

  it('may end by itself within its grace', async () => {
    const run = bench.start(['sh', '-c', SAYS_BYE]);
    await bench.printed('ready');

    run.supervision.end('STOPPED', 10_000);
    const ending = await run.ended;

    assert.deepEqual(ending, { exit: { exitCode: 3 }, cause: 'STOPPED' });
    assert.match(await bench.output(), /bye/);
  });
});

interface Run {
  readonly supervision: Supervision;
  readonly ended: Promise<Ending>;
}

/** A folder to run workloads in, one at a time. */
interface Bench {
  readonly folder: string;
  readonly uid: number | undefined;
  start(command: readonly string[], limits?: Partial<WorkloadLimits>): Run;
  run(command: readonly string[], limits?: Partial<WorkloadLimits>): Promise<Ending>;
  output(): Promise<string>;
  printed(text: string): Promise<void>;
  close(): Promise<void>;
}

async function openBench(): Promise<Bench> {
  const uid = process.getuid?.() === 0 ? 300_000 + (process.pid % 100_000) : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'ramet-run-'));
  const logs = new LogFiles(join(folder, 'logs'), systemClock);
  await mkdir(join(folder, 'work'));
  if (uid !== undefined) await chown(join(folder, 'work'), uid, uid);
  await chmod(folder, 0o711);

  const start = (command: readonly string[], limits: Partial<WorkloadLimits> = {}): Run => {
    const config = configFor(folder, command, { ...LIMITS, ...limits }, uid);
    const group = new ProcessGroup(config, join(folder, 'work'), { clock: systemClock, logs });
    const supervision = new Supervision(group, config, systemClock);
    return { supervision, ended: supervision.run() };
  };
  const output = async (): Promise<string> => {
    const names = (await readdir(join(folder, 'logs'))).sort();
    const files = await Promise.all(names.map((name) => readFile(join(folder, 'logs', name))));
    return files.join('').replace(/^\d+ \d+ \w+ \d+\n/gm, '');
  };
  return {
    folder,
    uid,
    start,
    run: (command, limits) => start(command, limits).ended,
    output,
    async printed(text) {
      while (!(await output()).includes(text)) await systemClock.sleep(10);
    },
    async close() {
      await logs[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function configFor(
  runFolder: string,
  command: readonly string[],
  limits: WorkloadLimits,
  uid: number | undefined,
): GroupConfig {
  return {
    name: 'exe-test-e1',
    cloneId: 'cln_test',
    executionId: 'exe_test',
    command,
    runFolder,
    isolation: uid === undefined ? { mode: 'namespace', hidden: [] } : { mode: 'user', uid },
    limits,
    searchPath: '/usr/local/bin:/usr/bin:/bin',
  };
}
