import type { Claimed } from '@ramet/database';
import type { Deps } from '../deps.js';
import { withMissed } from '../domain/webhook-event.js';
import { afterFailure, isFailing, retryMs } from '../domain/webhook-retry.js';
import type { Head } from '../store/webhook-outbox.js';
import { openSecret } from './secrets.js';
import type { Send, Sent } from './send.js';
import { signWebhook } from './signature.js';

type Needs = Pick<Deps, 'outbox' | 'sealer' | 'ids' | 'clock' | 'failpoints'>;

/** How many clones of a webhook are told of at the same time. */
const LANES = 8;
/** For how long one step begins new requests: with the last one's time it fits into the lease. */
const STEP_MS = 10_000;
/** When to look again after a failure of our own. */
const RETRY_MS = 1_000;
const MS_PER_SECOND = 1_000;

/**
 * Brings a webhook's deliveries as far as they come: each line in order, several lines at once.
 *
 * One receiver is one step, so that one that hangs keeps nobody else waiting. What was sent and not
 * recorded is sent again, under the same id.
 */
export function deliverWebhook(
  needs: Needs,
  send: Send,
): (task: Claimed, signal: AbortSignal) => Promise<void> {
  const { outbox, clock } = needs;

  async function run({ id }: Claimed, signal: AbortSignal, underWay: UnderWay) {
    const { circuit, pausedMs } = await outbox.begin(id);
    if (pausedMs > 0) return pausedMs;
    const lanes = isFailing(circuit) ? 1 : LANES;
    const end = clock.elapsed() + STEP_MS;
    const step: Step = { webhookId: id, signal, underWay, pauseMs: 0 };
    while (!signal.aborted && step.pauseMs === 0 && clock.elapsed() < end) {
      const busy = [...underWay.keys()];
      const heads = await outbox.heads(id, busy, lanes - busy.length);
      for (const head of heads) begin(needs, send, step, head);
      if (underWay.size === 0) break;
      await Promise.race(underWay.values());
    }
    await Promise.all(underWay.values());
    return step.pauseMs || outbox.nextDueMs(id);
  }

  return async (task, signal) => {
    const underWay: UnderWay = new Map();
    try {
      await outbox.finish(task, await run(task, signal, underWay));
    } catch (thrown) {
      await Promise.allSettled(underWay.values());
      await outbox.finish(task, RETRY_MS).catch(() => undefined);
      throw thrown;
    }
  };
}

/** What is under way, by its line. */
type UnderWay = Map<string, Promise<void>>;

/** The deliveries of one webhook, while they are made. */
interface Step {
  readonly webhookId: string;
  readonly signal: AbortSignal;
  readonly underWay: UnderWay;
  /** Above 0 once the webhook was paused. */
  pauseMs: number;
}

function begin(needs: Needs, send: Send, step: Step, head: Head): void {
  const attempt = deliver(needs, send, step, head).finally(() => step.underWay.delete(head.line));
  // Whoever waits for it next gets what it throws.
  attempt.catch(() => undefined);
  step.underWay.set(head.line, attempt);
}

async function deliver(needs: Needs, send: Send, step: Step, head: Head): Promise<void> {
  const { outbox, failpoints } = needs;
  const { webhookId, signal } = step;
  const sent = await send({ url: head.url, ...signed(needs, webhookId, head) }, signal);
  if (!sent) return;
  failpoints.hit('lifecycle.webhook_sent');
  if (sent.problem === '') await outbox.delivered(webhookId, head, sent);
  else step.pauseMs = Math.max(step.pauseMs, await fail(needs, webhookId, head, sent));
}

/** Records a failure. Returns for how long the webhook is paused, if it is. */
async function fail(
  { outbox, ids }: Needs,
  webhookId: string,
  { id, line, attempts }: Head,
  sent: Sent,
): Promise<number> {
  const luck = (ids.bytes(1)[0] ?? 0) / 255;
  const failed = { ...sent, id, retryMs: retryMs(attempts + 1, luck) };
  const { pauseMs } = await outbox.failed(webhookId, failed, (circuit) =>
    afterFailure(circuit, line, luck),
  );
  return pauseMs;
}

/** The headers and body of a request, signed with every secret that is good. */
function signed({ sealer }: Needs, webhookId: string, { id, event, missed, sealed, now }: Head) {
  const body = withMissed(event, missed);
  const timestamp = Math.floor(now.getTime() / MS_PER_SECOND);
  const signatures = sealed.map((each) => {
    return signWebhook(openSecret(sealer, webhookId, each), { id, timestamp, body });
  });
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'ramet-webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
  return { headers, body };
}
