import { WebhookServiceService } from '@ramet/proto-gen/lifecycle.v1';
import { type Implemented, implement } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { createWebhook } from './create-webhook.js';
import { deleteWebhook } from './delete-webhook.js';
import { getWebhook } from './get-webhook.js';
import { listWebhookDeliveries } from './list-webhook-deliveries.js';
import { listWebhooks } from './list-webhooks.js';
import { pingWebhook } from './ping-webhook.js';
import { redeliverWebhook } from './redeliver-webhook.js';
import { rotateWebhookSecret } from './rotate-webhook-secret.js';
import { updateWebhook } from './update-webhook.js';

/** What users do with webhooks. */
export function webhookApi(deps: Deps): Implemented {
  return implement(WebhookServiceService, {
    createWebhook: createWebhook(deps),
    getWebhook: getWebhook(deps),
    listWebhooks: listWebhooks(deps),
    updateWebhook: updateWebhook(deps),
    rotateWebhookSecret: rotateWebhookSecret(deps),
    deleteWebhook: deleteWebhook(deps),
    pingWebhook: pingWebhook(deps),
    listWebhookDeliveries: listWebhookDeliveries(deps),
    redeliverWebhook: redeliverWebhook(deps),
  });
}
