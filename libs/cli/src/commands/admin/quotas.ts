import { CloneKind, SetQuotaRequest } from '@ramet/proto-gen/lifecycle.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { parseChoice } from '../../parse/choice.js';
import { parseSize } from '../../parse/size.js';
import { findAnyOwner } from '../../resolve.js';
import { FailedError, UsageError } from '../../usage-error.js';
import { mismatchView, quotaView } from '../../views/quotas.js';
import { argument, present } from '../options.js';
import { reasoned } from './reasoned.js';

interface SetQuotaOptions {
  readonly reason: string;
  readonly owner?: string;
  readonly clear?: boolean;
}

const RESOURCES: readonly string[] = ['clones', 'cpu_millis', 'memory_bytes', 'storage_bytes'];
const WORDS = RESOURCES.map((name) => name.replace('_', '-')).join(', ');

/** Adds quotas to `admin`. */
export function addAdminQuotas(admin: Command, act: Act): void {
  reasoned(admin.command('set-quota <kind> <resource> [limit]'))
    .description('set the limit of an owner, or the default of the mesh')
    .option('--owner <owner>', 'whose (default: the default of the mesh)')
    .option('--clear', 'let the default hold again')
    .addHelpText('after', `\nResources are ${WORDS}. A limit is a count, or a size such as 64GiB.`)
    .action(act(setQuota));
  admin
    .command('quotas <owner>')
    .description('show the limits of an owner and what is used of them')
    .action(act(quotas));
  admin
    .command('check-quotas')
    .description('compare what is used with what clones hold; fails if it differs')
    .action(act(checkQuotas));
}

async function setQuota(
  context: Context,
  args: readonly string[],
  options: SetQuotaOptions,
): Promise<void> {
  const { session, world, out } = context;
  const { reason, clear = false } = options;
  const kind = parseChoice<CloneKind>(CloneKind, argument(args, 0));
  const resource = resourceOf(argument(args, 1));
  const [, , limit] = args;
  if (clear === (limit !== undefined)) throw new UsageError('give a limit, or --clear it');
  const owner =
    options.owner === undefined ? {} : { owner: await findAnyOwner(context, options.owner) };
  const request = SetQuotaRequest.fromPartial({
    ...{ kind, resource, reason, ...owner },
    ...(limit !== undefined && { limit: parseSize(limit) }),
  });
  const { quota } = await session.cloneAdmin.setQuota(request, { signal: world.signal });
  out.item(quotaView(), present(quota, 'quota'));
}

function resourceOf(text: string): string {
  const name = text.toLowerCase().replace('-', '_');
  if (!RESOURCES.includes(name)) throw new UsageError(`'${text}' is none of ${WORDS}`);
  return name;
}

async function quotas(context: Context, args: readonly string[]): Promise<void> {
  const { session, world, out } = context;
  const owner = await findAnyOwner(context, argument(args, 0));
  const answer = await session.clones.getQuota({ owner }, { signal: world.signal });
  out.list(quotaView(), answer.quotas);
}

async function checkQuotas({ session, world, out }: Context): Promise<void> {
  const answer = await session.cloneAdmin.checkQuotas({}, { signal: world.signal });
  const { checked, mismatches } = answer;
  if (mismatches.length === 0) out.note(`${checked} balances agree`);
  out.list(mismatchView(), mismatches);
  if (mismatches.length > 0) {
    throw new FailedError(`${mismatches.length} of ${checked} balances do not agree`);
  }
}
