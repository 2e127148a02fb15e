import type {
  RedeliverWebhookRequest,
  RedeliverWebhookResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toDeliveryMessage } from '../webhook-messages.js';
import { liveWebhook } from './webhook-rights.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'deliveries' | 'wakeNotifier'>;
type Request = RedeliverWebhookRequest;
type Response = RedeliverWebhookResponse;

/** Has an event of a webhook that the caller manages sent once more. */
export function redeliverWebhook(needs: Needs): Unary<Request, Response> {
  const { deliveries, wakeNotifier } = needs;
  return async ({ webhookId, deliveryId }, { caller }) => {
    await liveWebhook(needs, caller, webhookId);
    const delivery = await deliveries.redeliver(webhookId, deliveryId);
    wakeNotifier();
    return { delivery: toDeliveryMessage(delivery) };
  };
}
