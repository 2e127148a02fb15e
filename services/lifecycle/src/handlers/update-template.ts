import { invalid } from '@ramet/errors';
import type { UpdateTemplateRequest, UpdateTemplateResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { specViolations } from '../domain/check-spec.js';
import { maskOf } from '../domain/mask.js';
import { changed, requireEtag, type Template, type TemplateChange } from '../domain/template.js';
import { requireChange } from '../domain/template-sight.js';
import { fromSpecMessage } from '../spec-messages.js';
import { toTemplateMessage } from '../template-messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'access' | 'templates'>;

/** Changes a template. A spec that differs makes a new revision. */
export function updateTemplate({
  access,
  templates,
}: Needs): Unary<UpdateTemplateRequest, UpdateTemplateResponse> {
  return async (message, { caller }) => {
    const change = changeOf(message);
    const sight = await access.templateSightOf(caller);
    const decide = (template: Template): Template => {
      requireChange(sight, template, change);
      requireEtag(template, message.etag);
      const violations = change.spec ? specViolations(template.kind, change.spec) : [];
      if (violations.length > 0) throw invalid(...violations);
      return changed(template, change);
    };

    const { id, validateOnly } = message;
    const by = { event: 'changed', actor: actorOf(caller), sight: sight.seen } as const;
    const template = validateOnly
      ? decide(await templates.get(id, 0, sight.seen))
      : await templates.change(id, by, decide);
    return { template: toTemplateMessage(template) };
  };
}

function changeOf(message: UpdateTemplateRequest): TemplateChange {
  const { description, spec, labels, shared } = message;
  const mask = maskOf(message.updateMask, {
    description: description !== '',
    spec: spec !== undefined,
    labels: Object.keys(labels).length > 0,
    shared,
  });
  if (mask.has('spec') && !spec) throw invalid({ field: 'spec', description: 'is required' });
  return {
    ...(mask.has('description') && { description }),
    ...(mask.has('spec') && spec && { spec: fromSpecMessage(spec) }),
    ...(mask.has('labels') && { labels }),
    ...(mask.has('shared') && { shared }),
  };
}
