import { withPostgres } from './durable-postgres.js';
import { BUDGET, measureAlgorithms, reportAlgorithms } from './sign-algorithms.js';
import {
  HALF_LOAD_BUDGET,
  type HalfLoadOptions,
  measureHalfLoad,
  reportHalfLoad,
} from './sign-half-load.js';
import { CONCURRENCY, PAYLOAD_BYTES } from './sign-servers.js';

interface Options extends HalfLoadOptions {
  readonly json: boolean;
  /** Which part to measure. Empty: both. */
  readonly part: string;
}

/**
 * Measures SignTransaction: how many calls a server can answer, per algorithm, and how long a call
 * takes at half of that.
 *
 * The servers and the clients are processes of their own. The log of signatures is durable:
 * PostgreSQL with fsync.
 */
export async function benchSign(options: Options): Promise<void> {
  await withPostgres(async (urlOf) => {
    const { json, part } = options;
    const throughput =
      part === 'latency' ? undefined : await measureAlgorithms(urlOf('postgres'), options);
    if (throughput && !json) reportAlgorithms(throughput);
    const halfLoad = part === 'algorithms' ? undefined : await measureHalfLoad(urlOf, options);
    if (halfLoad && !json) reportHalfLoad(halfLoad);
    if (!json) return;
    const load = { concurrency: CONCURRENCY, payloadBytes: PAYLOAD_BYTES };
    const budget = { ...BUDGET, p99OfBare: HALF_LOAD_BUDGET };
    console.info(JSON.stringify({ bench: 'sign', ...load, throughput, halfLoad, budget }));
  });
}
