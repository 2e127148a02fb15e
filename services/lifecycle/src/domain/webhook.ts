import { PublicError } from '@ramet/errors';
import type { CloneKind, Owner } from './clone.js';
import type { Phase } from './phases.js';

/** A place that phase changes of an owner's clones are posted to. */
export interface Webhook {
  readonly id: string;
  readonly owner: Owner;
  readonly name: string;
  readonly url: string;
  readonly filter: WebhookFilter;
  readonly disabled: boolean;
  readonly creatorId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt?: Date;
  /** Until when an earlier secret signs too. */
  readonly overlapEndsAt?: Date;
  /** How many changes it has had. */
  readonly revision: number;
}

/** Which events a webhook is sent. An empty part lets everything through. */
export interface WebhookFilter {
  readonly kinds: readonly CloneKind[];
  readonly phases: readonly Phase[];
  readonly labels: Readonly<Record<string, string>>;
}

/** What may be changed of a webhook. */
export type WebhookChange = Partial<Pick<Webhook, 'name' | 'url' | 'filter' | 'disabled'>>;

/** A clone that has come into a phase. */
export interface PhaseChange {
  readonly cloneId: string;
  readonly name: string;
  readonly kind: CloneKind;
  readonly owner: Owner;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: it was accepted. */
  readonly before?: Phase;
  readonly after: Phase;
  readonly reason: string;
  /** How its execution ended. Empty: it has not. */
  readonly outcome: string;
  readonly seq: number;
  readonly at: Date;
  readonly traceId: string;
}

/** How many webhooks an owner may have. */
export const MAX_WEBHOOKS = 20;

/** How many secrets sign a request at most: the newest, and those that were good before. */
export const MAX_SECRETS = 4;

/** Tells whether a webhook is to be told of a phase change of its owner's clone. */
export function wants({ filter }: Pick<Webhook, 'filter'>, change: PhaseChange): boolean {
  const { kinds, phases, labels } = filter;
  return (
    (kinds.length === 0 || kinds.includes(change.kind)) &&
    (phases.length === 0 || phases.includes(change.after)) &&
    Object.entries(labels).every(([name, value]) => {
      return Object.hasOwn(change.labels, name) && change.labels[name] === value;
    })
  );
}

/** The webhook after a change. Throws ETAG_STALE unless it is as it was read. */
export function changeWebhook(
  webhook: Webhook,
  {
    etag,
    change,
    now,
  }: { readonly etag: string; readonly change: WebhookChange; readonly now: Date },
): Webhook {
  requireWebhookEtag(webhook, etag);
  return { ...webhook, ...change, updatedAt: now, revision: webhook.revision + 1 };
}

/** Throws ETAG_STALE unless the webhook is as the caller has read it. */
export function requireWebhookEtag({ id, revision }: Webhook, etag: string): void {
  if (etag === '' || etag === String(revision)) return;
  throw new PublicError(
    'aborted',
    'ETAG_STALE',
    `the webhook has changed since it was read: ${id}`,
    {
      metadata: { webhook_id: id },
    },
  );
}

/** The error for an owner who has as many webhooks as they may. */
export function tooManyWebhooks(ownerId: string): PublicError {
  const description = `the owner has ${MAX_WEBHOOKS} webhooks`;
  return new PublicError('resource_exhausted', 'QUOTA_EXCEEDED', description, {
    metadata: { owner_id: ownerId, resource: 'webhooks' },
    quotas: [{ subject: `owner/${ownerId}`, description }],
  });
}

/** The error for a name that another webhook of the owner has. */
export function webhookNameTaken(ownerId: string, name: string): PublicError {
  return new PublicError('already_exists', 'NAME_TAKEN', `the owner has a webhook named ${name}`, {
    metadata: { name, owner_id: ownerId },
    resource: { kind: 'webhook', id: name },
  });
}

/** One event for one webhook, and what has become of it. */
export interface WebhookDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly type: string;
  readonly cloneId: string;
  readonly seq: number;
  /** The phase that the clone came into. Absent for a ping. */
  readonly phase: Phase | null;
  readonly status: 'PENDING' | 'DELIVERED' | 'DROPPED';
  readonly attempts: number;
  readonly code: number;
  readonly problem: string;
  readonly latencyMs: number | null;
  readonly createdAt: Date;
  readonly attemptedAt: Date | null;
  readonly nextAt: Date | null;
}

/** How the deliveries of a webhook go. */
export interface WebhookHealth {
  readonly failures: number;
  readonly pausedUntil: Date | null;
  readonly pending: number;
}
