import { type Bell, createBell } from '@ramet/database';
import type { Logger } from '@ramet/rpc';
import type { Clock } from '@ramet/service';
import type { RecentProgress, Runners } from '../store/runners.js';

export interface ProgressBoardOptions {
  readonly runners: Runners;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What running clones report, read once a second for all who watch. */
export interface ProgressBoard {
  /** Rings when there is something that was not there before. */
  readonly changed: Bell;
  /** The last reports that were found to be new. */
  readonly latest: readonly RecentProgress[];
  /** Reads while anybody watches: until the returned function is called. */
  watch(): () => void;
}

const PERIOD_MS = 1_000;
/** Reports become visible a little after their time: what was read already is told by its sequence. */
const LOOK_BACK_MS = 3_000;

/** Makes the board. It costs nothing while nobody watches. */
export function createProgressBoard({
  runners,
  clock,
  logger,
}: ProgressBoardOptions): ProgressBoard {
  const changed = createBell();
  let latest: readonly RecentProgress[] = [];
  let seen = new Map<string, bigint>();
  let stop: AbortController | undefined;
  let watchers = 0;

  async function read(): Promise<void> {
    const recent = await runners.listRecent(LOOK_BACK_MS);
    const fresh = recent.filter(({ executionId, progress }) => {
      return (seen.get(executionId) ?? -1n) < progress.sequence;
    });
    seen = new Map(recent.map(({ executionId, progress }) => [executionId, progress.sequence]));
    if (fresh.length === 0) return;
    latest = fresh;
    changed.ring();
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await read().catch((thrown: unknown) => {
        logger.warn('progress cannot be read', { error: String(thrown) });
      });
      await clock.sleep(PERIOD_MS, signal);
    }
  }

  return {
    changed,
    get latest() {
      return latest;
    },
    watch() {
      watchers += 1;
      if (watchers === 1) {
        stop = new AbortController();
        void run(stop.signal);
      }
      return () => {
        watchers -= 1;
        if (watchers === 0) stop?.abort();
      };
    },
  };
}
