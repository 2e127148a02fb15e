import { type ConsumerOptions, createBell, type HistoryRow, startConsumer } from '@ramet/database';
import { startReconciler } from '@ramet/reconcile';
import { Scope } from '@ramet/service';
import type { Deps } from '../deps.js';
import { deliverWebhook } from './deliver.js';
import { fanOut } from './fan-out.js';
import { createSender } from './send.js';

type Needs = Pick<
  Deps,
  | 'intake'
  | 'outbox'
  | 'reads'
  | 'sealer'
  | 'ids'
  | 'clock'
  | 'failpoints'
  | 'logger'
  | 'webhookRules'
>;

type Ports = Pick<ConsumerOptions<HistoryRow>, 'db' | 'clock' | 'logger' | 'bus'>;

/** What tells receivers of phase changes, while it runs. */
export interface Notifier extends AsyncDisposable {
  /** Says that something may be due. */
  wake(): void;
}

const PAGE = 500;
/** Receivers at the same time: those that hang for as long as they may leave room for others. */
const CONCURRENCY = 32;
/** How late what is sent again may be: what is new rings. */
const IDLE_MS = 2_000;
/** While nobody listens, what comes within this time is looked at together. */
const UNHEARD_MS = 1_000;
/** What was recorded may be recorded again: its place need not be noted at once. */
const NOTE_MS = 1_000;
const SWEEP_MS = 10 * 60_000;

/**
 * Follows lifecycle's own history, records what is to be sent, and sends it.
 *
 * Replicas take turns in following, by the lease of a consumer, and share the sending, by a lease
 * per webhook.
 */
export function startNotifier(deps: Needs, { db, bus }: Ports): Notifier {
  const { intake, outbox, reads, clock, logger } = deps;
  const scope = new Scope();
  const news = createBell();
  const send = createSender({ ...deps.webhookRules, clock });
  const sending = scope.use(
    startReconciler({
      name: 'webhooks',
      claim: (limit) => outbox.claim(limit),
      step: deliverWebhook(deps, send, news),
      release: (claimed) => outbox.giveBack(claimed),
      onError: (thrown, task) => {
        logger.warn('a webhook could not be served', { webhook: task?.id, error: String(thrown) });
      },
      batch: CONCURRENCY,
      concurrency: CONCURRENCY,
      idleMs: IDLE_MS,
      clock,
    }),
  );
  scope.defer(news.listen(sending.wake));
  const record = fanOut(deps);
  const following = scope.use(
    startConsumer<HistoryRow>({
      producer: 'lifecycle',
      read: (after) => reads.historyAfter(after, PAGE),
      handle: async (rows, signal) => {
        if (!(await intake.isHeard())) return clock.sleep(UNHEARD_MS, signal);
        if (await record(rows)) news.ring();
      },
      noteMs: NOTE_MS,
      db,
      clock,
      logger,
      ...(bus && { bus }),
    }),
  );
  scope.defer(db.newest.grown.listen(following.wake));
  scope.defer(startSweep(deps));
  return { wake: news.ring, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() };
}

/** Forgets old deliveries, a batch at a time. Returns what ends it. */
function startSweep({ outbox, clock, logger }: Needs): () => Promise<void> {
  const stop = new AbortController();
  const sweeping = (async () => {
    while (!stop.signal.aborted) {
      try {
        while (!stop.signal.aborted && (await outbox.sweep()) > 0);
      } catch (thrown) {
        logger.warn('deliveries are not swept', { error: String(thrown) });
      }
      await clock.sleep(SWEEP_MS, stop.signal);
    }
  })();
  return () => {
    stop.abort();
    return sweeping;
  };
}
