import type { GetWebhookRequest, GetWebhookResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toWebhookMessage } from '../webhook-messages.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'deliveries'>;

/** Gets a webhook that the caller manages, and how its deliveries go. */
export function getWebhook(needs: Needs): Unary<GetWebhookRequest, GetWebhookResponse> {
  const { access, webhooks, deliveries } = needs;
  return async ({ id }, { caller }) => {
    const webhook = await webhooks.get(id, await access.sightOf(caller));
    return { webhook: toWebhookMessage(webhook, await deliveries.health(id)) };
  };
}
