import type { ListWebhooksRequest, ListWebhooksResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { narrowed } from '../domain/sight.js';
import { fromOwnerMessage } from '../messages.js';
import { toWebhookMessage } from '../webhook-messages.js';

type Needs = Pick<Deps, 'access' | 'webhooks'>;

/** Lists the webhooks that the caller manages, newest first. */
export function listWebhooks(needs: Needs): Unary<ListWebhooksRequest, ListWebhooksResponse> {
  const { access, webhooks } = needs;
  return async ({ owner: message, pageSize: size, pageToken: token }, { caller }) => {
    const owner = fromOwnerMessage(message);
    const sight = narrowed(await access.sightOf(caller), owner?.id);
    const page = await webhooks.list(sight, { size, token, binding: [caller.id, owner?.id ?? ''] });
    return {
      webhooks: page.items.map((webhook) => toWebhookMessage(webhook)),
      nextPageToken: page.nextToken,
    };
  };
}
