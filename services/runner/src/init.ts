import { spawn } from 'node:child_process';

/** What process 1 of a namespace tells its runner about the command. */
export type InitMessage =
  | { readonly kind: 'started' }
  | { readonly kind: 'exited'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Process 1 of a workload's namespace: runs the command, passes signals on, reports its end.
 *
 * The kernel ends everything in the namespace when this process ends, and this process ends
 * when the channel to the runner does.
 */
function superviseAsInit([program = '', ...parameters]: readonly string[]): void {
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });

  process.on('disconnect', () => process.exit(1));
  process.on('message', (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) killGroup(child.pid, signal);
  });
  // By now what is to be hidden is hidden: others may enter.
  process.send?.({ kind: 'started' } satisfies InitMessage);
  child.once('error', ({ message }) => report({ kind: 'failed', message }));
  child.once('exit', (exitCode, signal) => report({ kind: 'exited', exitCode, signal }));
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself; the report is on its way.
  }
}

function report(message: InitMessage): void {
  process.send?.(message, () => process.exit(0));
}

superviseAsInit(process.argv.slice(2));
