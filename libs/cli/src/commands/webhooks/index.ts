import type { Webhook, WebhookDelivery } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { findOwner, findOwnerIf, findWebhook } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { deliveryView, webhookView } from '../../views/webhooks.js';
import { confirm, confirmed } from '../confirm.js';
import {
  argument,
  type CreateOptions,
  type ListOptions,
  limited,
  limitOf,
  present,
  repeatable,
  requestIdOf,
} from '../options.js';
import { showOnce } from '../secret.js';
import { type FilterOptions, filtered, filterOf } from './filter.js';

interface CreateWebhookOptions extends CreateOptions, FilterOptions {
  readonly owner?: string;
  readonly url: string;
  readonly out?: string;
  readonly validateOnly?: boolean;
}

interface UpdateWebhookOptions extends FilterOptions {
  readonly name?: string;
  readonly url?: string;
  readonly allEvents?: boolean;
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly etag?: string;
}

const OUT = 'write the secret to this file instead of showing it';

/** Adds `webhooks` to the command. */
export function addWebhooks(program: Command, act: Act): void {
  const webhooks = program
    .command('webhooks')
    .description('where phase changes of clones are posted to');
  filtered(
    repeatable(
      webhooks.command('create <name>').description('create a webhook; its secret is shown once'),
    ),
  )
    .requiredOption('--url <url>', 'where to post to')
    .option('--owner <owner>', 'whose clones it tells of: me, a team, or an id (default: me)')
    .option('--out <file>', OUT)
    .option('--validate-only', 'check everything and create nothing')
    .action(act(createWebhook));
  webhooks
    .command('get <webhook>')
    .description('show a webhook and how its deliveries go')
    .action(act(getWebhook));
  limited(webhooks.command('list').description('list the webhooks that you manage, newest first'))
    .option('--owner <owner>', 'only of this owner: me, a team, or an id')
    .action(act(listWebhooks));
  filtered(webhooks.command('update <webhook>').description('change a webhook'))
    .option('--name <name>', 'another name')
    .option('--url <url>', 'another URL')
    .option('--all-events', 'send everything: no filter')
    .option('--disable', 'send nothing; what happens meanwhile is not sent later')
    .option('--enable', 'send again')
    .option('--etag <etag>', 'only as it was read')
    .action(act(updateWebhook));
  repeatable(
    webhooks
      .command('rotate-secret <webhook>')
      .description('make a new secret; the old one signs beside it for 24 hours'),
  )
    .option('--out <file>', OUT)
    .action(act(rotateSecret));
  confirmed(webhooks.command('delete <webhook>').description('delete a webhook'))
    .option('--etag <etag>', 'only as it was read')
    .action(act(deleteWebhook));
  webhooks.command('ping <webhook>').description('send a test event').action(act(pingWebhook));
  limited(
    webhooks
      .command('deliveries <webhook>')
      .description('list what was sent, waits or was dropped, newest first'),
  ).action(act(listDeliveries));
  webhooks
    .command('redeliver <webhook> <delivery>')
    .description('send an event once more')
    .action(act(redeliver));
}

async function createWebhook(
  context: Context,
  args: readonly string[],
  options: CreateWebhookOptions,
): Promise<void> {
  const { session, world } = context;
  const request = {
    requestId: requestIdOf(context, options),
    owner: await findOwner(context, options.owner ?? 'me'),
    name: argument(args, 0),
    url: options.url,
    filter: filterOf(options),
    validateOnly: options.validateOnly ?? false,
  };
  const answer = await session.webhooks.createWebhook(request, { signal: world.signal });
  if (request.validateOnly) return show(context, answer.webhook);
  await showSecret(context, answer, options.out);
}

async function getWebhook(context: Context, args: readonly string[]): Promise<void> {
  const { session, world } = context;
  const id = await findWebhook(context, argument(args, 0));
  const { webhook } = await session.webhooks.getWebhook({ id }, { signal: world.signal });
  show(context, webhook);
}

async function listWebhooks(
  context: Context,
  _args: readonly string[],
  options: ListOptions & { readonly owner?: string },
): Promise<void> {
  const { session, world, out } = context;
  const owner = await findOwnerIf(context, options.owner);
  const webhooks = await collect(async (page) => {
    const answer = await session.webhooks.listWebhooks(
      { ...page, owner },
      { signal: world.signal },
    );
    return { items: answer.webhooks, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(webhookView(world.clock), webhooks);
}

async function updateWebhook(
  context: Context,
  args: readonly string[],
  options: UpdateWebhookOptions,
): Promise<void> {
  const { session, world } = context;
  const { enable = false, disable = false, allEvents = false } = options;
  const filter = filterOf(options);
  if (enable && disable) throw new UsageError('either --enable or --disable');
  if (allEvents && filter) throw new UsageError('--all-events goes with no other filter');
  const changes = {
    name: options.name !== undefined,
    url: options.url !== undefined,
    filter: filter !== undefined || allEvents,
    disabled: enable || disable,
  };
  const updateMask = Object.entries(changes).flatMap(([path, given]) => (given ? [path] : []));
  if (updateMask.length === 0) throw new UsageError('what is to change?');
  const { name = '', url = '', etag = '' } = options;
  const id = await findWebhook(context, argument(args, 0));
  const request = { id, etag, name, url, filter, disabled: disable, updateMask };
  const { webhook } = await session.webhooks.updateWebhook(request, { signal: world.signal });
  show(context, webhook);
}

async function rotateSecret(
  context: Context,
  args: readonly string[],
  options: CreateOptions & { readonly out?: string },
): Promise<void> {
  const { session, world } = context;
  const id = await findWebhook(context, argument(args, 0));
  const request = { id, requestId: requestIdOf(context, options) };
  const answer = await session.webhooks.rotateWebhookSecret(request, { signal: world.signal });
  await showSecret(context, answer, options.out);
}

async function deleteWebhook(
  context: Context,
  args: readonly string[],
  options: { readonly etag?: string; readonly yes?: boolean },
): Promise<void> {
  const { session, world } = context;
  const id = await findWebhook(context, argument(args, 0));
  await confirm(context, options, `delete webhook ${argument(args, 0)}?`);
  const request = { id, etag: options.etag ?? '' };
  const { webhook } = await session.webhooks.deleteWebhook(request, { signal: world.signal });
  show(context, webhook);
}

async function pingWebhook(context: Context, args: readonly string[]): Promise<void> {
  const { session, world } = context;
  const id = await findWebhook(context, argument(args, 0));
  const { delivery } = await session.webhooks.pingWebhook({ id }, { signal: world.signal });
  showDelivery(context, delivery);
}

async function listDeliveries(
  context: Context,
  args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const { session, world, out } = context;
  const webhookId = await findWebhook(context, argument(args, 0));
  const deliveries = await collect(async (page) => {
    const request = { ...page, webhookId };
    const answer = await session.webhooks.listWebhookDeliveries(request, { signal: world.signal });
    return { items: answer.deliveries, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(deliveryView(world.clock), deliveries);
}

async function redeliver(context: Context, args: readonly string[]): Promise<void> {
  const { session, world } = context;
  const webhookId = await findWebhook(context, argument(args, 0));
  const request = { webhookId, deliveryId: argument(args, 1) };
  const { delivery } = await session.webhooks.redeliverWebhook(request, { signal: world.signal });
  showDelivery(context, delivery);
}

/** What an answer has of a new secret. */
interface Made {
  readonly webhook: Webhook | undefined;
  /** Empty for a request that was repeated. */
  readonly secret: string;
}

async function showSecret(
  context: Context,
  { webhook, secret }: Made,
  file: string | undefined,
): Promise<void> {
  const { out, world } = context;
  const made = present(webhook, 'webhook');
  out.note(`webhook ${made.id} '${made.name}'`);
  const json = out.json ? { webhook: out.jsonOf(webhookView(world.clock).shape, made) } : {};
  await showOnce(context, { what: 'signing secret', secret, json, file });
}

function show({ world, out }: Context, webhook: Webhook | undefined): void {
  out.item(webhookView(world.clock), present(webhook, 'webhook'));
}

function showDelivery({ world, out }: Context, delivery: WebhookDelivery | undefined): void {
  out.item(deliveryView(world.clock), present(delivery, 'delivery'));
}
