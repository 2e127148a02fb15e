import type { DeleteWebhookRequest, DeleteWebhookResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toWebhookMessage } from '../webhook-messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'access' | 'webhooks'>;

/** Deletes a webhook that the caller manages: nothing is sent to it any more. */
export function deleteWebhook(needs: Needs): Unary<DeleteWebhookRequest, DeleteWebhookResponse> {
  const { access, webhooks } = needs;
  return async ({ id, etag }, { caller }) => {
    const edit = { id, sight: await access.sightOf(caller), actor: actorOf(caller) };
    return { webhook: toWebhookMessage(await webhooks.delete(edit, etag)) };
  };
}
