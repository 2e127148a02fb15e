import type { Provider } from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { collect } from '../../pages.js';
import { findAnyOwner } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { providerView } from '../../views/providers.js';
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
} from '../options.js';

interface RegisterOptions extends CreateOptions {
  readonly address: string;
  readonly user: string;
  readonly action: readonly string[];
}

interface UpdateOptions {
  readonly action?: readonly string[];
  readonly enable?: boolean;
  readonly disable?: boolean;
}

/** Adds the list of providers to `admin`. */
export function addProviders(admin: Command, act: Act): void {
  const providers = admin
    .command('providers')
    .description('programs that sign their requests with an Ethereum key');
  limited(providers.command('list').description('list them')).action(act(list));
  repeatable(providers.command('register <name>'))
    .description('put one on the list')
    .requiredOption('--address <address>', 'of its key: 0x and 40 hex digits')
    .requiredOption('--user <user>', 'the user it acts as: user:NAME, or an id')
    .requiredOption(
      '--action <action>',
      'what it may do, such as clones.create; repeatable',
      gather,
    )
    .action(act(register));
  providers.command('get <provider>').description('show one, by its id or name').action(act(get));
  providers
    .command('update <provider>')
    .description('change what one may do, or whether it is let in: by its id or name')
    .option('--action <action>', 'what it may do from now on; repeatable', gather)
    .option('--enable', 'let it in')
    .option('--disable', 'refuse it, and the tokens that it has')
    .action(act(update));
}

async function list(context: Context, _args: readonly string[], options: ListOptions) {
  context.out.list(providerView(context.world.clock), await all(context, limitOf(options)));
}

async function get(context: Context, args: readonly string[]) {
  const { session, world, out } = context;
  const { id } = await find(context, argument(args, 0));
  const { provider } = await session.providers.getProvider({ id }, { signal: world.signal });
  out.item(providerView(world.clock), present(provider, 'provider'));
}

async function register(context: Context, args: readonly string[], options: RegisterOptions) {
  const { session, world, out } = context;
  const { owner } = await findAnyOwner(context, options.user);
  if (owner?.$case !== 'userId') throw new UsageError('a provider acts as a user, not as a team');
  const request = {
    requestId: requestIdOf(context, options),
    name: argument(args, 0),
    address: options.address,
    userId: owner.value,
    actions: [...options.action],
  };
  const answer = await session.providers.registerProvider(request, { signal: world.signal });
  out.item(providerView(world.clock), present(answer.provider, 'provider'));
}

async function update(context: Context, args: readonly string[], options: UpdateOptions) {
  const { session, world, out } = context;
  const { action = [], enable, disable } = options;
  if (enable && disable) throw new UsageError('--enable or --disable, not both');
  const { id } = await find(context, argument(args, 0));
  const enabled = enable ? true : disable ? false : undefined;
  const request = { id, actions: [...action], enabled, etag: '' };
  const answer = await session.providers.updateProvider(request, { signal: world.signal });
  out.item(providerView(world.clock), present(answer.provider, 'provider'));
}

async function find(context: Context, text: string): Promise<Provider> {
  const found = (await all(context)).find(({ id, name }) => id === text || name === text);
  if (!found) throw new UsageError(`there is no provider '${text}'`);
  return found;
}

function all({ session, world }: Context, limit?: number): Promise<readonly Provider[]> {
  const { signal } = world;
  return collect(async (page) => {
    const answer = await session.providers.listProviders(page, { signal });
    return { items: answer.providers, next: answer.nextPageToken };
  }, limit);
}
