import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { kekView, sealReplicaView, sealView } from '../../views/seal.js';
import { confirm, confirmed } from '../confirm.js';
import { present } from '../options.js';
import { reasoned } from './reasoned.js';

interface Reasoned {
  readonly reason: string;
}

/** Adds what seals the keys of the mesh to `admin`. */
export function addAdminSeal(admin: Command, act: Act): void {
  admin
    .command('seal-status')
    .description('show whether keys is sealed, how far a rotation is, and what each replica does')
    .action(act(sealStatus));
  reasoned(confirmed(admin.command('seal')))
    .description('have every replica of keys forget its KEK: nothing is signed until unseal')
    .action(act(seal));
  reasoned(admin.command('unseal'))
    .description('have every replica of keys ask for its KEK again')
    .action(act(unseal));
  reasoned(admin.command('rotate-kek'))
    .description('put all secrets under the KEK that is given first')
    .option('--data-keys', 'give each secret a new data key as well')
    .action(act(rotateKek));
}

async function sealStatus({ session, world, out }: Context): Promise<void> {
  const answer = await session.seal.getSealStatus({}, { signal: world.signal });
  const status = present(answer.status, 'status');
  out.item(sealView(), status);
  if (out.json) return;
  out.note('\nReplicas');
  out.list(sealReplicaView(), status.replicas);
  out.note('\nKEKs');
  out.list(kekView(), status.keks);
}

async function seal(
  context: Context,
  _: readonly string[],
  options: Reasoned & { readonly yes?: boolean },
): Promise<void> {
  const { session, world, out } = context;
  await confirm(context, options, 'seal keys? Nothing is signed in the whole mesh until unseal.');
  const request = { reason: options.reason, validateOnly: false };
  const { status } = await session.seal.seal(request, { signal: world.signal });
  out.item(sealView(), present(status, 'status'));
}

async function unseal(
  { session, world, out }: Context,
  _: readonly string[],
  { reason }: Reasoned,
): Promise<void> {
  const { status } = await session.seal.unseal({ reason }, { signal: world.signal });
  out.item(sealView(), present(status, 'status'));
}

async function rotateKek(
  { session, world, out }: Context,
  _: readonly string[],
  { reason, dataKeys = false }: Reasoned & { readonly dataKeys?: boolean },
): Promise<void> {
  const request = { reason, dataKeys, validateOnly: false };
  const { status } = await session.seal.rotateKek(request, { signal: world.signal });
  out.item(sealView(), present(status, 'status'));
}
