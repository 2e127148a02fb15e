import { fingerprint } from '@ramet/database';
import {
  RotateWebhookSecretRequest,
  type RotateWebhookSecretResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { newSecret } from '../notifier/secrets.js';
import { toWebhookMessage } from '../webhook-messages.js';
import { actorOf } from './actor.js';

type Needs = Pick<Deps, 'access' | 'webhooks' | 'sealer' | 'ids'>;
type Request = RotateWebhookSecretRequest;
type Response = RotateWebhookSecretResponse;

/** Gives a webhook a new secret; the one before signs for a day longer. */
export function rotateWebhookSecret(needs: Needs): Unary<Request, Response> {
  const { access, webhooks } = needs;
  return async (message, { caller }) => {
    const { id, requestId } = message;
    const edit = { id, sight: await access.sightOf(caller), actor: actorOf(caller) };
    const bytes = RotateWebhookSecretRequest.encode({ ...message, requestId: '' }).finish();
    const request = { caller: edit.actor, requestId, fingerprint: fingerprint(bytes) };
    const secret = newSecret(needs, id);
    const { webhook, isFresh } = await webhooks.rotate(edit, secret.sealed, request);
    return { webhook: toWebhookMessage(webhook), secret: isFresh ? secret.text : '' };
  };
}
