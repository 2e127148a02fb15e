import {
  CloneKind,
  ClonePhase,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryStatus,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Clock } from '@ramet/service';
import type { View } from '../output.js';
import { nameOf } from '../parse/choice.js';
import { shape } from '../print/json.js';
import { age, labels, moment, ownerId } from '../print/values.js';

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

/** How webhooks are shown. Their secrets are not in them. */
export function webhookView(clock: Clock): View<Webhook> {
  return {
    shape: shape('lifecycle.v1.Webhook', Webhook),
    fields: (webhook) => [
      ['id', webhook.id],
      ['name', webhook.name],
      ['owner', ownerId(webhook.owner)],
      ['url', webhook.url],
      ['kinds', kindsOf(webhook)],
      ['phases', phasesOf(webhook)],
      ['labels', labels(webhook.filter?.labels ?? {})],
      ['state', stateOf(webhook)],
      ['failures', `${webhook.health?.failures ?? 0}`],
      ['pending', `${webhook.health?.pending ?? 0}`],
      ['old secret until', moment(webhook.overlapEndTime)],
      ['creator', webhook.creatorId],
      ['created', moment(webhook.createTime)],
      ['changed', moment(webhook.updateTime)],
      ['etag', webhook.etag],
    ],
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'OWNER', value: ({ owner }) => ownerId(owner) },
      { title: 'STATE', value: stateOf },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'URL', value: ({ url }) => url, flexible: true },
    ],
  };
}

/** How deliveries are shown. */
export function deliveryView(clock: Clock): View<WebhookDelivery> {
  const status = (each: WebhookDelivery): string => nameOf(WebhookDeliveryStatus, each.status);
  const answer = ({ responseCode, problem }: WebhookDelivery): string =>
    [responseCode === 0 ? '' : `${responseCode}`, problem].filter((text) => text !== '').join(' ');
  return {
    shape: shape('lifecycle.v1.WebhookDelivery', WebhookDelivery),
    fields: (delivery) => [
      ['id', delivery.id],
      ['webhook', delivery.webhookId],
      ['type', delivery.type],
      ['clone', delivery.cloneId],
      ['seq', `${delivery.seq}`],
      ['phase', phaseOf(delivery.phase)],
      ['status', status(delivery)],
      ['attempts', `${delivery.attempts}`],
      ['answer', answer(delivery)],
      ['took', tookOf(delivery)],
      ['created', moment(delivery.createTime)],
      ['tried', moment(delivery.attemptTime)],
      ['next', moment(delivery.nextAttemptTime)],
    ],
    columns: [
      { title: 'CLONE', value: ({ cloneId, type }) => cloneId || type },
      { title: 'PHASE', value: ({ phase }) => phaseOf(phase) },
      { title: 'STATUS', value: status },
      { title: 'ATTEMPTS', value: ({ attempts }) => `${attempts}`, right: true },
      { title: 'ANSWER', value: answer },
      { title: 'TOOK', value: tookOf, right: true },
      { title: 'AGE', value: ({ createTime }) => age(createTime, clock) },
      { title: 'NEXT', value: ({ nextAttemptTime }) => moment(nextAttemptTime) },
      { title: 'ID', value: ({ id }) => id, flexible: true },
    ],
  };
}

function kindsOf({ filter }: Webhook): string {
  return (filter?.kinds ?? []).map((kind) => nameOf(CloneKind, kind)).join(', ') || 'all';
}

function phasesOf({ filter }: Webhook): string {
  return (filter?.phases ?? []).map((phase) => nameOf(ClonePhase, phase)).join(', ') || 'all';
}

function stateOf({ deleteTime, disabled, health }: Webhook): string {
  if (deleteTime) return 'deleted';
  if (disabled) return 'disabled';
  return health?.pauseEndTime ? `paused until ${moment(health.pauseEndTime)}` : 'active';
}

function phaseOf(phase: ClonePhase): string {
  return phase === ClonePhase.UNSPECIFIED ? '' : nameOf(ClonePhase, phase);
}

function tookOf({ latency }: WebhookDelivery): string {
  if (!latency) return '';
  return `${Number(latency.seconds) * MS_PER_SECOND + Math.round(latency.nanos / NANOS_PER_MS)} ms`;
}
