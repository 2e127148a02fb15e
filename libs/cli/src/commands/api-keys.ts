import type { Command } from 'commander';
import type { Act, Context } from '../context.js';
import { collect } from '../pages.js';
import { parseMoment } from '../parse/time.js';
import { findUser } from '../resolve.js';
import { apiKeyView } from '../views/teams.js';
import {
  argument,
  type CreateOptions,
  gather,
  type ListOptions,
  limited,
  limitOf,
  present,
  repeatable,
  requestIdOf,
} from './options.js';
import { showOnce } from './secret.js';

interface CreateApiKeyOptions extends CreateOptions {
  readonly user?: string;
  readonly expires?: string;
  readonly scope?: readonly string[];
  readonly out?: string;
}

/** Adds `api-keys` to the command. */
export function addApiKeys(program: Command, act: Act): void {
  const keys = program.command('api-keys').description('credentials to log in with');
  repeatable(keys.command('create <name>').description('create an API key: it is shown once'))
    .option('--user <user>', "another user's (administrators only)")
    .option('--expires <time>', 'when it stops working: a time, or a duration (default: 365d)')
    .option(
      '--scope <action>',
      'what it is good for, such as keys.list or clones.* (default: all)',
      gather,
    )
    .option('--out <file>', 'write it to this file instead of showing it')
    .action(act(createApiKey));
  limited(keys.command('list').description('list API keys, without the keys themselves'))
    .option('--user <user>', "another user's (administrators only)")
    .action(act(listApiKeys));
  keys
    .command('revoke <id>')
    .description('revoke an API key: no token is made of it any more')
    .action(act(revokeApiKey));
}

async function createApiKey(
  context: Context,
  args: readonly string[],
  options: CreateApiKeyOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { expires, user } = options;
  const request = {
    requestId: requestIdOf(context, options),
    userId: user === undefined ? '' : await findUser(context, user),
    name: argument(args, 0),
    expireTime: expires === undefined ? undefined : parseMoment(expires, world.clock),
    scopes: options.scope ?? [],
  };
  const answer = await session.users.createApiKey(request, { signal: world.signal });
  const apiKey = present(answer.apiKey, 'API key');
  out.note(`created ${apiKey.id} '${apiKey.name}'`);
  const json = out.json ? { apiKey: out.jsonOf(apiKeyView(world.clock).shape, apiKey) } : {};
  await showOnce(context, { secret: answer.secret, json, file: options.out });
}

async function listApiKeys(
  context: Context,
  _args: readonly string[],
  options: ListOptions & { readonly user?: string },
): Promise<void> {
  const { session, world, out } = context;
  const userId = options.user === undefined ? '' : await findUser(context, options.user);
  const keys = await collect(async (page) => {
    const answer = await session.users.listApiKeys({ ...page, userId }, { signal: world.signal });
    return { items: answer.apiKeys, next: answer.nextPageToken };
  }, limitOf(options));
  out.list(apiKeyView(world.clock), keys);
}

async function revokeApiKey(
  { session, world, out }: Context,
  args: readonly string[],
): Promise<void> {
  const request = { id: argument(args, 0) };
  const { apiKey } = await session.users.revokeApiKey(request, { signal: world.signal });
  out.item(apiKeyView(world.clock), present(apiKey, 'API key'));
}
