import { PublicError } from '@ramet/errors';
import type { CloneKind, Owner } from './clone.js';
import type { Spec } from './spec.js';
import { isAlike } from './text.js';

/** What clones are made from. */
export interface Template {
  readonly id: string;
  readonly owner: Owner;
  /** Unique among the owner's templates that are not deleted. */
  readonly name: string;
  readonly kind: CloneKind;
  readonly description: string;
  /** Whether everybody in the mesh may make clones of it. */
  readonly shared: boolean;
  /** From 1, rising by one with each change of the spec. */
  readonly revision: number;
  readonly spec: Spec;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deletedAt?: Date;
  /** How many changes it has had. */
  readonly seq: number;
}

/** What is asked of a template that is to be made. */
export type WantedTemplate = Pick<
  Template,
  'id' | 'owner' | 'name' | 'kind' | 'description' | 'shared' | 'spec' | 'labels'
>;

/** What is to be changed of a template. What is absent stays. */
export type TemplateChange = Partial<Pick<Template, 'description' | 'shared' | 'spec' | 'labels'>>;

/** The template that a request asks for, as made at a time. */
export function newTemplate(wanted: WantedTemplate, at: Date): Template {
  return { ...wanted, revision: 1, createdAt: at, updatedAt: at, seq: 1 };
}

/** The template after a change: the same one if nothing differs. */
export function changed(template: Template, change: TemplateChange): Template {
  const next = { ...template, ...change };
  if (isAlike(next, template)) return template;
  if (isAlike(next.spec, template.spec)) return { ...next, spec: template.spec };
  return { ...next, revision: template.revision + 1 };
}

/** The template once it is deleted. The same one if it is already. */
export function deleted(template: Template, at: Date): Template {
  return template.deletedAt ? template : { ...template, deletedAt: at };
}

/** What changes with every change of a template. */
export function etagOf({ seq }: Pick<Template, 'seq'>): string {
  return String(seq);
}

/** Throws ETAG_STALE unless the template is as it was read. Without an etag it always is. */
export function requireEtag(template: Template, etag: string): void {
  if (etag === '' || etag === etagOf(template)) return;
  const message = `the template has changed since it was read: ${template.id}`;
  throw new PublicError('aborted', 'ETAG_STALE', message, {
    metadata: { template_id: template.id },
  });
}
