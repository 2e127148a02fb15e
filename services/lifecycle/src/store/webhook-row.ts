import type { CloneKind } from '../domain/clone.js';
import type { Phase } from '../domain/phases.js';
import type { Webhook } from '../domain/webhook.js';

/** A webhook as it lies in Postgres. */
export interface WebhookRow {
  readonly id: string;
  readonly owner_id: string;
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly CloneKind[];
  readonly phases: readonly Phase[];
  readonly labels: Readonly<Record<string, string>>;
  readonly disabled: boolean;
  readonly creator_id: string;
  readonly since_position: bigint;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly revision: number;
  readonly overlap_ends_at: Date | null;
}

/** The columns of a `WebhookRow`, where `w` is the webhook. */
export const WEBHOOK_COLUMNS = `
  w.*, (select max(s.ends_at) from webhook_secret s
        where s.webhook_id = w.id and s.ends_at > ramet_now()) as overlap_ends_at`;

/** The webhook that a row is. */
export function toWebhook(row: WebhookRow): Webhook {
  const { kinds, phases, labels } = row;
  return {
    id: row.id,
    owner: { kind: row.owner_id.startsWith('usr_') ? 'user' : 'team', id: row.owner_id },
    name: row.name,
    url: row.url,
    filter: { kinds, phases, labels },
    disabled: row.disabled,
    creatorId: row.creator_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.deleted_at && { deletedAt: row.deleted_at }),
    ...(row.overlap_ends_at && { overlapEndsAt: row.overlap_ends_at }),
    revision: row.revision,
  };
}
