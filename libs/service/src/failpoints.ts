import { appendFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Named places where a test may kill this process: between an external effect and its commit.
 *
 * `hit` does nothing unless the point is armed. The list of all points is read from the code
 * by the kill tests, so a name is written out where it is hit, never put together.
 */
export interface Failpoints {
  hit(name: string): void;
}

/** Failpoints that never fire, for everything but tests. */
export const noFailpoints: Failpoints = { hit: () => undefined };

/**
 * Failpoints armed by files: a file of the point's name in `directory` arms it for one hit.
 *
 * The file is removed first, so that exactly one process dies of it, and the visit is noted in
 * `visited` beside it. The end is SIGKILL: nothing is flushed or closed.
 */
export function failpointsIn(directory: string): Failpoints {
  return {
    hit(name) {
      try {
        unlinkSync(join(directory, name));
      } catch {
        return;
      }
      appendFileSync(join(directory, 'visited'), `${name}\n`);
      process.kill(process.pid, 'SIGKILL');
    },
  };
}
