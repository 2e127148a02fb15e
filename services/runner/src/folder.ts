import { join } from 'node:path';

/** The private folder of one execution: what the runner keeps, and an executor adopts. */
export interface RunnerFolder {
  readonly path: string;
  /** What to run, written by the executor before the runner starts. Holds the first token. */
  readonly config: string;
  /** What only the workload or the runner may know. Removed as soon as it was read. */
  readonly secrets: string;
  /** Which process is the runner. Made exclusively: whoever makes it owns the execution. */
  readonly runner: string;
  /** When the workload was started. */
  readonly started: string;
  /** How the workload ended, while what it left is sent. */
  readonly ended: string;
  /** How the workload ended. Written once, and the truth from then on. */
  readonly exit: string;
  readonly logs: string;
}

/** The files of the private folder at a path. */
export function runnerFolder(path: string): RunnerFolder {
  return {
    path,
    config: join(path, 'config.json'),
    secrets: join(path, 'secrets.json'),
    runner: join(path, 'runner.json'),
    started: join(path, 'started.json'),
    ended: join(path, 'ended.json'),
    exit: join(path, 'exit.json'),
    logs: join(path, 'logs'),
  };
}
