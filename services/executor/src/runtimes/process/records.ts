import { readFile } from 'node:fs/promises';
import { createExclusively, type ProcessIdentity } from '@ramet/service';
import type { EndReport, Observation, WorkloadExit } from '../../domain/observation.js';

/** Who owns an execution: its runner, or the executor that made sure there is none. */
export type Owner = ProcessIdentity | { readonly pid: 0 };

/** An end without a process: of an execution that was never started, or could not be. */
const NO_RUNNER: Owner = { pid: 0 };

/** What is to be seen of an execution that has ended. */
export type Ended = Extract<Observation, { readonly state: 'exited' }>;

/** What a runner writes to exit.json. */
interface ExitRecord {
  readonly kind: WorkloadExit['kind'];
  readonly exit_code?: number;
  readonly signal?: string;
  readonly message?: string;
  readonly report?: EndReport;
  readonly started_at?: string;
  readonly ended_at: string;
}

/** Reads a record that may not be there. */
export async function readRecord<Record>(path: string): Promise<Record | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Reads how an execution ended, or undefined while it has not. */
export async function readExit(path: string): Promise<Ended | undefined> {
  const record = await readRecord<ExitRecord>(path);
  if (!record) return undefined;
  const { kind, exit_code: exitCode, signal, message, report, started_at: startedAt } = record;
  const exit = {
    kind,
    ...(exitCode !== undefined && { exitCode }),
    ...(signal !== undefined && { signal }),
    ...(message !== undefined && { message }),
    ...(report !== undefined && { report }),
  };
  return { state: 'exited', exit, ...(startedAt && { startedAt: new Date(startedAt) }) };
}

/** The text of exit.json for an end that the executor itself brought about. */
export function exitText(exit: WorkloadExit, at: Date): string {
  return JSON.stringify({ kind: exit.kind, message: exit.message, ended_at: at.toISOString() });
}

/**
 * Makes sure that no runner will ever own an execution. Says so, or that one does already.
 *
 * A runner that is still starting finds the file and goes away.
 */
export async function takeOwnership(path: string): Promise<boolean> {
  return createExclusively(path, JSON.stringify(NO_RUNNER));
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
