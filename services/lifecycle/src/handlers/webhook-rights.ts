import { notFound } from '@ramet/errors';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Owner } from '../domain/clone.js';
import { sees } from '../domain/sight.js';
import type { Webhook } from '../domain/webhook.js';

/** Throws USER_NOT_FOUND or TEAM_NOT_FOUND unless the caller manages what the owner has. */
export async function requireManaged(
  { access }: Pick<Deps, 'access'>,
  caller: Caller,
  owner: Owner,
): Promise<void> {
  if (sees(await access.sightOf(caller), owner.id)) return;
  throw owner.kind === 'user' ? notFound('user', owner.id) : notFound('team', owner.id);
}

/** The webhook, if the caller may manage it and it is not deleted. Throws WEBHOOK_NOT_FOUND. */
export async function liveWebhook(
  { access, webhooks }: Pick<Deps, 'access' | 'webhooks'>,
  caller: Caller,
  id: string,
): Promise<Webhook> {
  return webhooks.getLive(id, await access.sightOf(caller));
}
