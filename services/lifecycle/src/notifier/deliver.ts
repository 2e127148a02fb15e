import { type Bell, type Claimed, createWaker } from '@ramet/database';
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
/** For how long one step begins new requests, so that no receiver keeps a place for ever. */
const STEP_MS = 30_000;
/** How often the lease is prolonged: it outlasts a request, which takes 10 s at most, by as much. */
const RENEW_MS = 4_000;
/** How long new events may go unnoticed while others are under way, if no bell gets through. */
const LOOK_MS = 1_000;
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
  news: Bell,
): (task: Claimed, signal: AbortSignal) => Promise<void> {
  const { outbox } = needs;
  return async (task, signal) => {
    const underWay: UnderWay = new Map();
    try {
      const { circuit, pausedMs } = await outbox.begin(task.id);
      const lanes = isFailing(circuit) ? 1 : LANES;
      const step: Step = { task, lanes, signal, underWay, pauseMs: pausedMs };
      if (pausedMs === 0) await deliverAll(needs, send, step, news);
      await outbox.finish(task, step.pauseMs || (await outbox.nextDueMs(task.id)));
    } catch (thrown) {
      await Promise.allSettled(underWay.values());
      await outbox.finish(task, RETRY_MS).catch(() => undefined);
      throw thrown;
    }
  };
}

/** Begins what is due for as long as a step may take, and waits for the end of all of it. */
async function deliverAll(needs: Needs, send: Send, step: Step, news: Bell): Promise<void> {
  const { outbox, clock } = needs;
  const { task, lanes, underWay, signal } = step;
  const end = clock.elapsed() + STEP_MS;
  let renewAt = clock.elapsed() + RENEW_MS;
  const waker = createWaker(clock);
  const quit = news.listen(waker.wake);
  try {
    while (!signal.aborted && !isOver(step) && clock.elapsed() < end) {
      const busy = [...underWay.keys()];
      const heads = await outbox.heads(task.id, busy, lanes - busy.length);
      for (const head of heads) begin(needs, send, step, { head, ended: waker.wake });
      if (underWay.size === 0) break;
      await waker.wait(LOOK_MS, signal);
      if (clock.elapsed() < renewAt) continue;
      await outbox.renew(task);
      renewAt = clock.elapsed() + RENEW_MS;
    }
  } finally {
    quit();
  }
  await Promise.all(underWay.values());
  if (step.problem !== undefined) throw step.problem;
}

/** What is under way, by its line. */
type UnderWay = Map<string, Promise<void>>;

/** The deliveries of one webhook, while they are made. */
interface Step {
  readonly task: Claimed;
  /** How many may be under way. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  readonly underWay: UnderWay;
  /** What was thrown, if anything was: the step is over then. */
  problem?: unknown;
  /** Above 0 once the webhook was paused. */
  pauseMs: number;
}

function isOver({ pauseMs, problem }: Step): boolean {
  return pauseMs > 0 || problem !== undefined;
}

/** A delivery to begin, and whom to tell of its end. */
interface Begun {
  readonly head: Head;
  readonly ended: () => void;
}

function begin(needs: Needs, send: Send, step: Step, { head, ended }: Begun): void {
  const attempt = deliver(needs, send, step, head)
    .catch((thrown: unknown) => {
      step.problem ??= thrown;
    })
    .finally(() => {
      step.underWay.delete(head.line);
      ended();
    });
  step.underWay.set(head.line, attempt);
}

async function deliver(needs: Needs, send: Send, step: Step, head: Head): Promise<void> {
  const { outbox, failpoints } = needs;
  const { signal, task } = step;
  const webhookId = task.id;
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
