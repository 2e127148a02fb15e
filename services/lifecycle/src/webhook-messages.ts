import {
  CloneKind,
  ClonePhase,
  type WebhookDelivery as DeliveryMessage,
  type WebhookFilter as FilterMessage,
  type WebhookHealth as HealthMessage,
  WebhookDeliveryStatus,
  type Webhook as WebhookMessage,
} from '@ramet/proto-gen/lifecycle.v1';
import { CLONE_KINDS } from './domain/clone.js';
import { PHASES } from './domain/phases.js';
import type { Webhook, WebhookDelivery, WebhookFilter, WebhookHealth } from './domain/webhook.js';
import { toOwnerMessage } from './messages.js';

/** A webhook, as the API shows it. */
export function toWebhookMessage(webhook: Webhook, health?: WebhookHealth): WebhookMessage {
  const { kinds, phases, labels } = webhook.filter;
  return {
    id: webhook.id,
    owner: toOwnerMessage(webhook.owner),
    name: webhook.name,
    url: webhook.url,
    filter: {
      kinds: kinds.map((kind) => CloneKind[kind]),
      phases: phases.map((phase) => ClonePhase[phase]),
      labels: { ...labels },
    },
    disabled: webhook.disabled,
    creatorId: webhook.creatorId,
    createTime: webhook.createdAt,
    updateTime: webhook.updatedAt,
    deleteTime: webhook.deletedAt,
    etag: String(webhook.revision),
    overlapEndTime: webhook.overlapEndsAt,
    health: health && toHealthMessage(health),
  };
}

function toHealthMessage({ failures, pausedUntil, pending }: WebhookHealth): HealthMessage {
  return { failures, pauseEndTime: pausedUntil ?? undefined, pending };
}

/** A delivery, as the API shows it. */
export function toDeliveryMessage(delivery: WebhookDelivery): DeliveryMessage {
  const { latencyMs } = delivery;
  return {
    id: delivery.id,
    webhookId: delivery.webhookId,
    type: delivery.type,
    cloneId: delivery.cloneId,
    seq: delivery.seq,
    phase: delivery.phase ? ClonePhase[delivery.phase] : ClonePhase.UNSPECIFIED,
    status: WebhookDeliveryStatus[delivery.status],
    attempts: delivery.attempts,
    responseCode: delivery.code,
    problem: delivery.problem,
    latency:
      latencyMs === null
        ? undefined
        : {
            seconds: BigInt(Math.floor(latencyMs / 1_000)),
            nanos: (latencyMs % 1_000) * 1_000_000,
          },
    createTime: delivery.createdAt,
    attemptTime: delivery.attemptedAt ?? undefined,
    nextAttemptTime: delivery.nextAt ?? undefined,
  };
}

/** The filter that a request gives. Without one everything is wanted. */
export function fromFilterMessage(message: FilterMessage | undefined): WebhookFilter {
  const { kinds = [], phases = [], labels = {} } = message ?? {};
  return {
    kinds: CLONE_KINDS.filter((name) => kinds.includes(CloneKind[name])),
    phases: PHASES.filter((name) => phases.includes(ClonePhase[name])),
    labels,
  };
}
