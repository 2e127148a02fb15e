import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listProcesses, noFailpoints, Scope, systemClock } from '@ramet/service';
import type { Observation } from '../../domain/observation.js';
import { newWorkload } from '../../domain/workload.js';
import { PLAIN_SETUP } from '../../plain-setup.js';
import type { MadeWorkload } from '../runtime.js';
import { foldersOf } from './folders.js';
import { openProcessRuntime } from './open-process-runtime.js';
import type { ProcessRuntime } from './process-runtime.js';
import { removeTree } from './remove-tree.js';

// A program for isolation.test.ts: as whoever runs it, it lets the hostile workloads of
// deploy/examples loose beside a victim and prints what became of them, as JSON.

const RUNNER = fileURLToPath(new URL('../../../../runner/dist/main.js', import.meta.url));
const BUNDLES = fileURLToPath(new URL('../../../../../deploy/examples', import.meta.url));
const MB = 1024 * 1024;
const LIMITS = {
  timeLimitMs: 60_000,
  memoryBytes: 1_024 * MB,
  graceMs: 200,
  cpuMillis: 1_000,
  storageBytes: 64 * MB,
};
const startWith = (token: string) => ({
  token,
  secrets: { overrides: [], inputs: [] },
  freshEpoch: 0,
});

await using scope = new Scope();
const root = await mkdtemp('/tmp/ramet-hostile-');
scope.defer(() => removeTree(root));
await chmod(root, 0o711);
const secrets = join(root, 'mesh', 'secrets');
await mkdir(secrets, { recursive: true });
await chmod(join(root, 'mesh'), 0o700);
const sealingKey = join(secrets, 'kek');
await writeFile(sealingKey, 'the sealing key', { mode: 0o600 });

const settings = {
  stateDir: join(root, 'mesh', 'executor'),
  runDir: join(root, 'run'),
  ...{ storageDir: '', endpointHost: '127.0.0.1', inputsAllowPrivate: true },
  bundlesDir: BUNDLES,
  hiddenDirs: [],
  meshDir: join(root, 'mesh'),
  insecureSharedUser: false,
  runnerProgram: RUNNER,
  ...{ lifecycleAddress: '', keysAddress: '', teamsAddress: '', tracesDir: '', failpointsDir: '' },
};
const logged: string[] = [];
const log = (message: string, fields?: object) => {
  logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
};
const logger = { debug: log, info: log, warn: log, error: log };
const ports = { clock: systemClock, failpoints: noFailpoints, logger };
const runtime = await openProcessRuntime(settings, { ...ports, alone: true });

const victim = workload(0, ['sh', '-c', 'echo secret > $RAMET_DATA/secret; sleep 600']);
await runtime.start(victim, startWith('the token of the victim'));
await until(runtime, victim.name, 'running');
const victims = foldersOf(settings, victim.name);

const trespassed = await trespass();
const probed = await snoop(probing());
const [allocated, looped, escaped, snooped] = await Promise.all([
  end(workload(1, ['node', 'allocator.mjs'], { memoryBytes: 150 * MB })),
  end(workload(2, ['node', 'endless.mjs'], { timeLimitMs: 1_500 })),
  hide(workload(3, ['node', 'escape.mjs'])),
  snoop(workload(4, ['node', 'snooper.mjs', JSON.stringify(targets())])),
]);
console.log(JSON.stringify({ logged, allocated, looped, escaped, snooped, trespassed, probed }));
await runtime.remove(victim.name);

function targets() {
  const storage = join(settings.runDir, '.storage', victim.cloneId);
  return {
    files: [
      sealingKey,
      join(storage, 'data', 'secret'),
      victims.config,
      victims.runner,
      join(victims.work, 'snooper.mjs'),
    ],
    folders: [secrets, settings.stateDir, victims.state, victims.run, victims.work].concat(
      ['', 'data', 'outputs', 'inputs'].map((part) => join(storage, part)),
    ),
    sockets: [`${victims.run}/ramet.sock`, victims.control],
  };
}

/** Two stages of one clone: what the first has left the second may read. */
async function trespass(): Promise<readonly string[]> {
  const first = workload(5, ['sh', '-c', 'umask 077; echo left > $RAMET_OUTPUT/left'], {}, 'first');
  await end(first);
  const second = workload(6, ['node', 'trespass.mjs'], {}, 'second');
  const { cloneId } = first;
  return (await snoop({ ...second, cloneId })).verdicts;
}

/** A workload that does nothing, beside a probe that tries to get at what is not its own. */
function probing(): MadeWorkload {
  const wait = 'while [ ! -e $RAMET_DATA/end ]; do sleep 0.05; done; cat $RAMET_DATA/verdicts';
  const script = 'node snooper.mjs "$0" > $RAMET_DATA/verdicts; touch $RAMET_DATA/end';
  const command = ['sh', '-c', script, JSON.stringify(targets())];
  const made = workload(7, ['sh', '-c', wait]);
  const probe = { check: { kind: 'command', command }, periodMs: 100, timeoutMs: 30_000 } as const;
  const setup = { ...made.made.setup, probe: { ...probe, failures: 1 } };
  return { ...made, made: { ...made.made, setup } };
}

async function end(made: MadeWorkload): Promise<Observation> {
  await runtime.start(made, startWith('a token'));
  const seen = await until(runtime, made.name, 'exited');
  await runtime.remove(made.name);
  return seen;
}

async function hide(made: MadeWorkload) {
  await runtime.start(made, startWith('a token'));
  while ((await output(made.name)).length < 15) await systemClock.sleep(20);
  const before = countHidden();
  await runtime.stop(made.name, 'STOPPED', 200);
  const seen = await until(runtime, made.name, 'exited');
  const after = countHidden();
  await runtime.remove(made.name);
  return { before, after, seen };
}

async function snoop(made: MadeWorkload) {
  await runtime.start(made, startWith('a token'));
  const seen = await until(runtime, made.name, 'exited');
  const verdicts = await output(made.name);
  await runtime.remove(made.name);
  return { seen, verdicts };
}

/** How many processes run the program that hides: they drop their mark, but not their name. */
function countHidden(): number {
  return listProcesses().filter(({ pid }) => {
    const command = commandOf(pid);
    return command.includes('escape.mjs') && command.includes(root);
  }).length;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function output(name: string): Promise<readonly string[]> {
  const range = { after: 0, follow: false, signal: new AbortController().signal };
  const texts: string[] = [];
  for await (const lines of runtime.logs(name, range)) {
    texts.push(...lines.map(({ text }) => text.toString()));
  }
  return texts;
}

async function until(
  from: ProcessRuntime,
  name: string,
  state: Observation['state'],
): Promise<Observation> {
  for (;;) {
    const seen = await from.observe(name);
    if (seen.state === state) return seen;
    if (seen.state === 'exited') throw new Error(`${name}: ${JSON.stringify(seen)}`);
    await systemClock.sleep(20);
  }
}

function workload(
  slot: number,
  command: readonly string[],
  limits: { readonly memoryBytes?: number; readonly timeLimitMs?: number } = {},
  stage = 'main',
): MadeWorkload {
  const spec = {
    executionId: `exe_hostile${slot}`,
    cloneId: `cln_hostile${slot}`,
    epoch: 1,
    source: { bundle: 'hostile', command, tag: '' },
    parameters: [],
    limits: { ...LIMITS, ...limits },
    setup: { ...PLAIN_SETUP, stage },
    freshStorage: false,
    keyId: '',
  };
  const place = { runtime: 'process', hostId: 'here', slot };
  const made = newWorkload(spec, place, systemClock.now());
  if (!made.made) throw new Error('not made');
  return { ...made, made: made.made };
}
