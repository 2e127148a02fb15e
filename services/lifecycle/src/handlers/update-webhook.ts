import { invalid } from '@ramet/errors';
import type { UpdateWebhookRequest, UpdateWebhookResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { WebhookChange } from '../domain/webhook.js';
import { requireWebhookUrl } from '../domain/webhook-url.js';
import { fromFilterMessage, toWebhookMessage } from '../webhook-messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'webhookRules' | 'wakeNotifier'>;

const PATHS = ['name', 'url', 'filter', 'disabled'] as const;

/** Changes what a request says of a webhook that the caller manages. */
export function updateWebhook(needs: Needs): Unary<UpdateWebhookRequest, UpdateWebhookResponse> {
  const { access, webhooks, webhookRules, wakeNotifier } = needs;
  return async (message, { caller }) => {
    const { id, etag } = message;
    const change = changeIn(message, webhookRules.allowPrivate);
    const edit = { id, sight: await access.sightOf(caller), actor: actorOf(caller) };
    const webhook = await webhooks.update(edit, { etag, change });
    wakeNotifier();
    return { webhook: toWebhookMessage(webhook) };
  };
}

/** What a request changes. Throws REQUEST_INVALID and WEBHOOK_URL_REFUSED. */
function changeIn(message: UpdateWebhookRequest, allowPrivate: boolean): WebhookChange {
  const { name, url, filter, disabled, updateMask } = message;
  const given = { name: name !== '', url: url !== '', filter: filter !== undefined, disabled };
  const paths = updateMask ?? PATHS.filter((path) => given[path]);
  const unknown = paths.filter((path) => !PATHS.some((known) => known === path));
  if (unknown.length > 0) {
    throw invalid({ field: 'update_mask', description: `has only ${PATHS.join(', ')}` });
  }
  const has = (path: (typeof PATHS)[number]): boolean => paths.includes(path);
  if (has('name') && name === '') throw invalid({ field: 'name', description: 'is required' });
  return {
    ...(has('name') && { name }),
    ...(has('url') && { url: requireWebhookUrl(url, allowPrivate) }),
    ...(has('filter') && { filter: fromFilterMessage(filter) }),
    ...(has('disabled') && { disabled }),
  };
}
