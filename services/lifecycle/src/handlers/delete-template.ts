import type { DeleteTemplateRequest, DeleteTemplateResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { deleted, requireEtag } from '../domain/template.js';
import { requireChangeable } from '../domain/template-sight.js';
import { toTemplateMessage } from '../template-messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'access' | 'templates'>;

/** Deletes a template. Clones of it go on; to delete it again changes nothing. */
export function deleteTemplate({
  access,
  templates,
}: Needs): Unary<DeleteTemplateRequest, DeleteTemplateResponse> {
  return async ({ id, etag }, { caller }) => {
    const sight = await access.templateSightOf(caller);
    const by = { event: 'deleted', actor: actorOf(caller), sight: sight.seen } as const;
    const template = await templates.change(id, by, (latest, now) => {
      requireChangeable(sight, latest, 'templates.delete');
      if (!latest.deletedAt) requireEtag(latest, etag);
      return deleted(latest, now);
    });
    return { template: toTemplateMessage(template) };
  };
}
