import type { Fields, FieldValues } from '@ramet/database';
import { CLONE_KINDS, type Clone, DESIRES } from '../domain/clone.js';
import { PHASES } from '../domain/phases.js';

/** What clones can be filtered and ordered by, where `c` is the clone. docs/filters.md tells them. */
export const CLONE_FIELDS = {
  id: { type: 'id', sql: 'c.id', ordered: true },
  name: { type: 'text', sql: 'c.name collate "C"', ordered: true },
  kind: { type: 'enum', sql: 'c.kind', values: CLONE_KINDS, long: 'CLONE_KIND_' },
  phase: { type: 'enum', sql: 'c.phase', values: PHASES, long: 'CLONE_PHASE_' },
  desired: { type: 'enum', sql: 'c.desired', values: DESIRES, long: 'CLONE_DESIRED_' },
  reason: { type: 'text', sql: 'c.reason collate "C"' },
  owner: { type: 'id', sql: 'c.owner_id' },
  creator_id: { type: 'id', sql: 'c.creator_id' },
  bot_id: { type: 'id', sql: 'c.bot_id' },
  team_id: { type: 'id', sql: 'c.team_id' },
  key_id: { type: 'id', sql: 'c.key_id' },
  template_id: { type: 'id', sql: 'c.template_id' },
  external_ref: { type: 'text', sql: 'c.external_ref collate "C"' },
  create_time: { type: 'timestamp', sql: 'c.created_at', ordered: true },
  update_time: { type: 'timestamp', sql: 'c.updated_at', ordered: true },
  phase_time: { type: 'timestamp', sql: 'c.phase_at', ordered: true },
  expire_time: { type: 'timestamp', sql: 'c.expire_at', ordered: true },
  labels: { type: 'labels', sql: 'c.labels' },
} as const satisfies Fields;

/** The same fields of a clone in memory. */
export function cloneValues(clone: Clone): FieldValues {
  return {
    id: clone.id,
    name: clone.name,
    kind: clone.kind,
    phase: clone.phase,
    desired: clone.desired,
    reason: clone.reason,
    owner: clone.owner.id,
    creator_id: clone.creatorId,
    bot_id: clone.botId,
    team_id: clone.teamId,
    key_id: clone.keyId,
    template_id: clone.templateId,
    external_ref: clone.externalRef,
    create_time: clone.createdAt,
    update_time: clone.updatedAt,
    phase_time: clone.phaseAt,
    expire_time: clone.expireAt ?? null,
    labels: clone.labels,
  } satisfies Record<keyof typeof CLONE_FIELDS, unknown>;
}
