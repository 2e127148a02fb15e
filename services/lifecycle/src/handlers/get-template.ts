import type { GetTemplateRequest, GetTemplateResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toTemplateMessage } from '../template-messages.js';

type Needs = Pick<Deps, 'access' | 'templates'>;

/** Gets a template that the caller sees, with one of its revisions. */
export function getTemplate({
  access,
  templates,
}: Needs): Unary<GetTemplateRequest, GetTemplateResponse> {
  return async ({ id, revision }, { caller }) => {
    const { seen } = await access.templateSightOf(caller);
    return { template: toTemplateMessage(await templates.get(id, revision, seen)) };
  };
}
