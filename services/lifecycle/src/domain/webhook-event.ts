import type { PhaseChange } from './webhook.js';

/** The version of the payloads. A field may come; a change of meaning is a new version. */
const VERSION = 1;

/** The types of events. */
const PHASE_CHANGED = 'clone.phase_changed';
const PING = 'ping';

/**
 * The id of the delivery of a change to a webhook: the same however often it is made or sent.
 *
 * It is what receivers get as `webhook-id` and tell repetitions by.
 */
export function deliveryId(webhookId: string, subjectId: string, seq: number): string {
  return `${webhookId}-${subjectId}-${seq}`;
}

/** What a webhook is told of a phase change. No secret and no parameter is in it. */
export function phaseChanged(webhookId: string, change: PhaseChange): string {
  return JSON.stringify({
    type: PHASE_CHANGED,
    version: VERSION,
    timestamp: change.at.toISOString(),
    data: {
      webhook_id: webhookId,
      clone_id: change.cloneId,
      name: change.name,
      kind: change.kind,
      owner: change.owner,
      phase_before: change.before ?? null,
      phase_after: change.after,
      reason: change.reason,
      outcome: change.outcome || null,
      seq: change.seq,
      trace_id: change.traceId || null,
      missed: 0,
    },
  });
}

/** What a webhook is told for a test. */
export function ping(webhookId: string, at: Date): string {
  const data = { webhook_id: webhookId };
  return JSON.stringify({ type: PING, version: VERSION, timestamp: at.toISOString(), data });
}

/** An event as it is sent, once it is known how many of its clone were dropped right before it. */
export function withMissed(event: string, missed: number): string {
  if (missed === 0) return event;
  const { data, ...rest } = JSON.parse(event);
  return JSON.stringify({ ...rest, data: { ...data, missed } });
}
