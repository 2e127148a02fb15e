import type { Clock } from '@ramet/service';
import type { LogLine } from '../../domain/log-line.js';
import type { LogRange } from '../runtime.js';
import { readLog } from './logs.js';

const LOOK_MS = 250;
const LINES_AT_A_TIME = 200;

interface Following {
  /** Whether nothing will be added any more. */
  readonly ended: () => Promise<boolean>;
  readonly clock: Clock;
}

/** Reads a log from a line on; with `follow`, until the workload has ended or the reader leaves. */
export async function* followLog(
  folder: string,
  { after, tail, follow, signal }: LogRange,
  { ended, clock }: Following,
): AsyncGenerator<readonly LogLine[]> {
  let last = after;
  let bound = tail;
  while (!signal.aborted) {
    // Asked before the reading, so that what was written meanwhile is read once more.
    const isLast = !follow || (await ended());
    const found = await readLog(folder, last);
    const lines = bound === undefined ? found : found.slice(Math.max(0, found.length - bound));
    bound = undefined;
    for (let from = 0; from < lines.length; from += LINES_AT_A_TIME) {
      yield lines.slice(from, from + LINES_AT_A_TIME);
    }
    last = found.at(-1)?.number ?? last;
    if (isLast) return;
    if (found.length === 0) await clock.sleep(LOOK_MS, signal);
  }
}
