import { fingerprint, type RequestId } from '@ramet/database';
import { CreateWebhookRequest, type CreateWebhookResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps, NewWebhook } from '../deps.js';
import { requireWebhookUrl } from '../domain/webhook-url.js';
import { newSecret } from '../notifier/secrets.js';
import { fromFilterMessage, toWebhookMessage } from '../webhook-messages.js';
import { actorOf } from './actor.js';
import { requiredOwner } from './owner.js';
import { requireManaged } from './webhook-rights.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'webhookRules' | 'sealer' | 'ids'>;

/** Creates a webhook. Its secret is in the answer to the first request, and nowhere after. */
export function createWebhook(needs: Needs): Unary<CreateWebhookRequest, CreateWebhookResponse> {
  const { webhooks, webhookRules, ids } = needs;
  return async (message, { caller }) => {
    const request: RequestId = {
      caller: actorOf(caller),
      requestId: message.requestId,
      fingerprint: fingerprint(CreateWebhookRequest.encode({ ...message, requestId: '' }).finish()),
    };
    // Whoever repeats a request gets its webhook, even if it could not be made any more.
    const repeated = await webhooks.findRepeated(request);
    if (repeated) return { webhook: toWebhookMessage(repeated), secret: '' };

    const owner = requiredOwner(message.owner);
    const wish: NewWebhook = {
      id: ids.make('whk'),
      owner,
      name: message.name,
      url: requireWebhookUrl(message.url, webhookRules.allowPrivate),
      filter: fromFilterMessage(message.filter),
      disabled: false,
      creatorId: caller.id,
    };
    await requireManaged(needs, caller, owner);
    if (message.validateOnly) {
      return { webhook: toWebhookMessage(await webhooks.rehearse(wish)), secret: '' };
    }
    const secret = newSecret(needs, wish.id);
    const { webhook, isFresh } = await webhooks.create(wish, secret.sealed, request);
    return { webhook: toWebhookMessage(webhook), secret: isFresh ? secret.text : '' };
  };
}
