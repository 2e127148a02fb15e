import type { PingWebhookRequest, PingWebhookResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { deliveryId, ping } from '../domain/webhook-event.js';
import { toDeliveryMessage } from '../webhook-messages.js';
import { liveWebhook } from './webhook-rights.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'deliveries' | 'ids' | 'wakeNotifier'>;

/** Has a test event sent to a webhook that the caller manages. */
export function pingWebhook(needs: Needs): Unary<PingWebhookRequest, PingWebhookResponse> {
  const { deliveries, ids, wakeNotifier } = needs;
  return async ({ id }, { caller }) => {
    await liveWebhook(needs, caller, id);
    const named = deliveryId(id, ids.make('png'), 0);
    const delivery = await deliveries.ping(id, named, (now) => ping(id, now));
    wakeNotifier();
    return { delivery: toDeliveryMessage(delivery) };
  };
}
