import type {
  ListWebhookDeliveriesRequest,
  ListWebhookDeliveriesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toDeliveryMessage } from '../webhook-messages.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'deliveries'>;
type Request = ListWebhookDeliveriesRequest;
type Response = ListWebhookDeliveriesResponse;

/** Lists what became of the events of a webhook that the caller manages, newest first. */
export function listWebhookDeliveries(needs: Needs): Unary<Request, Response> {
  const { access, webhooks, deliveries } = needs;
  return async ({ webhookId, pageSize: size, pageToken: token }, { caller }) => {
    await webhooks.get(webhookId, await access.sightOf(caller));
    const page = await deliveries.list(webhookId, { size, token, binding: [caller.id, webhookId] });
    return { deliveries: page.items.map(toDeliveryMessage), nextPageToken: page.nextToken };
  };
}
