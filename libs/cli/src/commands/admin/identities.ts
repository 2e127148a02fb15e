import {
  CreateIdentityProviderRequest,
  UpdateIdentityProviderRequest,
} from '@ramet/proto-gen/teams.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseMessage } from '../../parse/message.js';
import { findUser } from '../../resolve.js';
import { UsageError } from '../../usage-error.js';
import { identityView, providerView } from '../../views/identities.js';
import { argument, present } from '../options.js';
import { readText } from '../read-text.js';

const PROVIDER_ID = /^idp_[0-9a-z]{26}$/;

/** Adds identity providers, and who their people are here, to `admin`. */
export function addIdentities(admin: Command, act: Act): void {
  const providers = admin
    .command('identity-providers')
    .description('whom else this mesh believes who somebody is (OpenID Connect)');
  providers
    .command('create <file>')
    .description('trust a provider, as a file of JSON or `-` says: docs/identity.md')
    .action(act(createProvider));
  providers.command('list').description('list the providers').action(act(listProviders));
  providers
    .command('update <provider> <file>')
    .description('change how far it is trusted: what the file says, and nothing else')
    .action(act(updateProvider));
  providers
    .command('delete <provider>')
    .description('trust a provider no more: its identities are unlinked')
    .action(act(deleteProvider));

  const identities = admin.command('identities').description('who somebody at a provider is here');
  identities
    .command('link <provider> <subject> <user>')
    .description('say that somebody at a provider is a user')
    .action(act(link));
  identities.command('list <user>').description('list the identities of a user').action(act(list));
  identities
    .command('unlink <id>')
    .description('take an identity back: logins that came of it end')
    .action(act(unlink));
}

async function createProvider(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const type = 'teams.v1.CreateIdentityProviderRequest';
  const text = await readText(world, argument(args, 0));
  const request = parseMessage({ type, code: CreateIdentityProviderRequest }, text);
  const { signal } = world;
  const answer = await session.identityProviders.createIdentityProvider(request, { signal });
  out.item(providerView(world.clock), present(answer.identityProvider, 'provider'));
}

async function updateProvider(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = await findProvider(context, argument(args, 0));
  const type = 'teams.v1.UpdateIdentityProviderRequest';
  const text = await readText(world, argument(args, 1));
  const change = parseMessage({ type, code: UpdateIdentityProviderRequest }, text);
  if (change.id !== '') throw new UsageError('the file must not say an id: the argument does');
  const { signal } = world;
  const answer = await session.identityProviders.updateIdentityProvider(
    { ...change, id },
    { signal },
  );
  out.item(providerView(world.clock), present(answer.identityProvider, 'provider'));
}

async function listProviders({ session, world, out }: Context): Promise<void> {
  const { signal } = world;
  const answer = await session.identityProviders.listIdentityProviders({}, { signal });
  out.list(providerView(world.clock), answer.identityProviders);
}

async function deleteProvider(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = await findProvider(context, argument(args, 0));
  await session.identityProviders.deleteIdentityProvider({ id }, { signal: world.signal });
  out.note(`${id} is trusted no more`);
}

async function link(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const request = {
    providerId: await findProvider(context, argument(args, 0)),
    subject: argument(args, 1),
    userId: await findUser(context, argument(args, 2)),
  };
  const answer = await session.identityProviders.linkIdentity(request, { signal: world.signal });
  out.item(identityView(world.clock), present(answer.identity, 'identity'));
}

async function list(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const userId = await findUser(context, argument(args, 0));
  const { signal } = world;
  const { identities } = await session.identityProviders.listIdentities({ userId }, { signal });
  out.list(identityView(world.clock), identities);
}

async function unlink(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const id = argument(args, 0);
  await session.identityProviders.unlinkIdentity({ id }, { signal: world.signal });
  out.note(`${id} is nobody here any more`);
}

/** The id of a provider that is named or whose id is given. */
async function findProvider({ session, world }: Context, text: string): Promise<string> {
  if (PROVIDER_ID.test(text)) return text;
  const { signal } = world;
  const answer = await session.identityProviders.listIdentityProviders({}, { signal });
  const found = answer.identityProviders.find(({ name }) => name === text);
  if (!found) throw new UsageError(`there is no identity provider '${text}'`);
  return found.id;
}
