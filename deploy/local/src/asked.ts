import type { Clock } from '@ramet/service';

/** Ctrl-C comes twice under npm: from the terminal and, a moment later, from npm. */
const ONE_REQUEST_MS = 1_000;

/** The signals that ask to stop. A closed terminal asks, too. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Waits until the process is asked to stop.
 *
 * Being asked again later ends it at once; the kernel then ends all that it has started.
 */
export function untilAsked(clock: Clock): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        firstMs ??= clock.elapsed();
        if (clock.elapsed() - firstMs > ONE_REQUEST_MS) process.exit(1);
        resolve(signal);
      });
    }
  });
}
