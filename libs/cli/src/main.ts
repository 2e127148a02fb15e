import { homedir } from 'node:os';
import { systemClock, systemIds } from '@ramet/service';
import { terminalOf } from './machine.js';
import { run } from './run.js';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort());
}
// Whoever reads has read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  home: homedir(),
  clock: systemClock,
  ids: systemIds,
  signal: interruption.signal,
  terminal: terminalOf(process, interruption),
});
