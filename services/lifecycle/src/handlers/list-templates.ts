import type { ListTemplatesRequest, ListTemplatesResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { fromOwnerMessage } from '../messages.js';
import { toTemplateMessage } from '../template-messages.js';

type Needs = Pick<Deps, 'access' | 'templates'>;

/** Lists the templates that the caller sees, newest first. */
export function listTemplates({
  access,
  templates,
}: Needs): Unary<ListTemplatesRequest, ListTemplatesResponse> {
  return async ({ owner: message, name, pageSize: size, pageToken: token }, { caller }) => {
    const ownerId = fromOwnerMessage(message)?.id;
    const { seen: sight } = await access.templateSightOf(caller);
    const binding = [caller.id, ownerId ?? '', name];
    const page = await templates.list({ sight, ownerId, name, page: { size, token, binding } });
    return { templates: page.items.map(toTemplateMessage), nextPageToken: page.nextToken };
  };
}
