// Ignores TERM, and leaves its group and session in many generations: must be gone after a stop.
import { spawn } from 'node:child_process';

process.on('SIGTERM', () => console.log('TERM is ignored'));
const depth = Number(process.argv[2] ?? 3);
if (depth > 0) {
  for (const _ of [1, 2]) {
    const child = spawn(process.execPath, [import.meta.filename, String(depth - 1)], {
      // Without the mark of its execution, nor anything else.
      env: {},
      detached: true,
      stdio: 'inherit',
    });
    child.unref();
  }
}
console.log(`hiding at depth ${depth}`);
setInterval(() => undefined, 1_000);
