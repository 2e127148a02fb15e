import { denied, notFound } from '@ramet/errors';
import { type Membership, type Sight, sees, sightOfUser } from './sight.js';
import type { Template, TemplateChange } from './template.js';

/** What somebody may do with templates. */
export interface TemplateSight {
  /** The owners whose templates they see, beside shared ones. */
  readonly seen: Sight;
  /** The owners whose templates they make and change. */
  readonly changeable: Sight;
  /** Whether they may share one with everybody. */
  readonly mayShare: boolean;
}

/** What an administrator of the mesh may do with templates. */
export const ALL_TEMPLATES: TemplateSight = { seen: 'all', changeable: 'all', mayShare: true };

/** What a user may do: members see the templates of a team, its OWNERs and ADMINs change them. */
export function templateSightOf(userId: string, memberships: readonly Membership[]): TemplateSight {
  const teams = memberships.map(({ teamId }) => teamId).sort();
  const changeable = sightOfUser(userId, memberships);
  return { seen: [userId, ...teams], changeable, mayShare: false };
}

/** Throws PERMISSION_DENIED unless a template may be made for this owner. */
export function requireMaker(
  { changeable, mayShare }: TemplateSight,
  { owner, shared }: Pick<Template, 'owner' | 'shared'>,
): void {
  if (!sees(changeable, owner.id)) {
    throw denied('templates.create', `the templates of ${owner.id} are not yours to make`);
  }
  if (shared && !mayShare) throw sharingDenied('templates.create');
}

/**
 * Throws PERMISSION_DENIED unless a template that is seen may be changed so, and
 * TEMPLATE_NOT_FOUND for a deleted one.
 */
export function requireChange(
  sight: TemplateSight,
  template: Template,
  { shared }: TemplateChange,
): void {
  requireChangeable(sight, template, 'templates.update');
  if (template.deletedAt) throw notFound('template', template.id);
  if (shared && !template.shared && !sight.mayShare) throw sharingDenied('templates.update');
}

/** Throws PERMISSION_DENIED unless a template that is seen may be changed. */
export function requireChangeable(
  { changeable }: TemplateSight,
  { id, owner }: Template,
  action: string,
): void {
  if (sees(changeable, owner.id)) return;
  throw denied(action, `template ${id} is not yours to change`);
}

function sharingDenied(action: string): Error {
  return denied(action, 'only an administrator of the mesh shares a template');
}
