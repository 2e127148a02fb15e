import type { Template } from '../domain/template.js';

/** A template as it lies in Postgres, with the spec of one of its revisions. */
export interface TemplateRow {
  readonly id: string;
  readonly owner_id: string;
  readonly name: string;
  readonly kind: Template['kind'];
  readonly description: string;
  readonly shared: boolean;
  readonly labels: Template['labels'];
  readonly revision: number;
  readonly spec: Template['spec'];
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly seq: number;
}

/** The columns of a `TemplateRow`, where `t` is the template and `r` the revision. */
export const TEMPLATE_COLUMNS = `
  t.id, t.owner_id, t.name, t.kind, t.description, t.shared, t.labels, r.revision, r.spec,
  t.created_at, t.updated_at, t.deleted_at, t.seq`;

/** The template that a row is. */
export function toTemplate(row: TemplateRow): Template {
  return {
    id: row.id,
    owner: { kind: row.owner_id.startsWith('usr_') ? 'user' : 'team', id: row.owner_id },
    name: row.name,
    kind: row.kind,
    description: row.description,
    shared: row.shared,
    revision: row.revision,
    spec: row.spec,
    labels: row.labels,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.deleted_at && { deletedAt: row.deleted_at }),
    seq: row.seq,
  };
}

/** The row of a template, for `jsonb_populate_record(null::template, ...)`. */
export function fromTemplate(template: Template, hash: Buffer): string {
  return JSON.stringify({
    id: template.id,
    owner_id: template.owner.id,
    name: template.name,
    kind: template.kind,
    description: template.description,
    shared: template.shared,
    labels: template.labels,
    revision: template.revision,
    created_at: template.createdAt,
    updated_at: template.updatedAt,
    deleted_at: template.deletedAt ?? null,
    seq: template.seq,
    hash: `\\x${hash.toString('hex')}`,
  });
}
