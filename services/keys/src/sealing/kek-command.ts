import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '@ramet/service';
import { type KekProvider, keksOf, MOST_BYTES } from './kek-provider.js';

/** What to run, and with what surroundings. */
export interface KekCommand {
  /** The program and its arguments. No shell reads them. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Gets key-encryption keys from a program, which writes them to its standard output: 32 bytes each,
 * the newest first. What it says on standard error goes nowhere, as it may be a secret.
 */
export function kekCommand(command: KekCommand): KekProvider {
  const [program = ''] = command.argv;
  return {
    name: `KEK_COMMAND ${program}`,
    hasChanged: () => false,
    read: async () => keksOf(await outputOf(command)),
  };
}

/** What the program has written, for the caller to zero. */
async function outputOf({ argv, env, clock, timeoutMs = TIMEOUT_MS }: KekCommand): Promise<Buffer> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const output = Buffer.alloc(MOST_BYTES + 1);
  let length = 0;
  let isLate = false;
  child.stdout.on('data', (piece: Buffer) => {
    length += piece.copy(output, length);
    piece.fill(0);
    if (length > MOST_BYTES) kill(child);
  });
  const stopTimer = clock.after(timeoutMs, () => {
    isLate = true;
    kill(child);
  });
  try {
    const end = await ended(child);
    if (length > MOST_BYTES) throw new Error(`gives more than ${MOST_BYTES} bytes`);
    if (isLate) throw new Error(`has not ended within ${timeoutMs} ms`);
    if (end !== 0) throw new Error(`ended with ${String(end)}`);
    return output.subarray(0, length);
  } catch (thrown) {
    output.fill(0);
    throw thrown;
  } finally {
    stopTimer();
    kill(child);
  }
}

/** The code or signal that it ended by, once all of its output was read. */
function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
}

/** Ends the program and whatever it has started, which may hold the pipe open. */
function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
