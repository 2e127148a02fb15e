import {
  type Clock,
  identify,
  killUser,
  ownProcessesWithVariable,
  signalProcess,
  variableOf,
} from '@ramet/service';
import { EXECUTION_MARK, EXECUTOR_MARK } from './launch-runner.js';

const ROUNDS = 200;
const ROUND_MS = 25;

/** Kills whatever still runs of an execution, and returns when nothing does. */
export async function sweep(name: string, uid: number | undefined, clock: Clock): Promise<void> {
  if (uid !== undefined) await killUser(uid, clock);
  await killMarked(EXECUTION_MARK, name, clock);
}

/** Kills the runners of an executor whose executions are none of `names`. */
export async function sweepRunners(
  stateDir: string,
  names: ReadonlySet<string>,
  clock: Clock,
): Promise<void> {
  const runners = ownProcessesWithVariable(EXECUTOR_MARK, stateDir);
  const kept = new Set(runners.filter((pid) => names.has(variableOf(pid, EXECUTION_MARK) ?? '')));
  await killMarked(EXECUTOR_MARK, stateDir, clock, kept);
}

async function killMarked(
  variable: string,
  value: string,
  clock: Clock,
  kept: ReadonlySet<number> = new Set(),
): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = ownProcessesWithVariable(variable, value).filter((pid) => !kept.has(pid));
    if (left.length === 0) return;
    for (const pid of left) {
      const identity = identify(pid);
      if (identity) signalProcess(identity, 'SIGKILL');
    }
    await clock.sleep(ROUND_MS);
  }
  throw new Error(`processes with ${variable}=${value} do not end`);
}
