import type { LogAudit } from '@ramet/proto-gen/keys.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { FailedError } from '../../usage-error.js';
import { auditView, logKeyView } from '../../views/logs.js';
import { argument, present } from '../options.js';

/** Adds what administrators do with the logs of signatures to `admin`. */
export function addAdminLogs(admin: Command, act: Act): void {
  admin
    .command('rotate-log-key')
    .description('make a new key for the heads of logs; the older ones sign too until retired')
    .action(act(rotateLogKey));
  admin
    .command('retire-log-key <verifier>')
    .description('sign no more heads with a key, as `ramet receipts keys` prints it')
    .action(act(retireLogKey));
  admin
    .command('audit-log')
    .description('make every signature log anew and compare; fails if anything is wrong')
    .action(act(auditLog));
}

async function auditLog({ session, world, out }: Context): Promise<void> {
  const audits: LogAudit[] = [];
  for await (const { audit } of session.receipts.auditLogs({}, { signal: world.signal })) {
    if (audit) audits.push(audit);
  }
  out.list(auditView(), audits);
  const bad = audits.filter(({ faults }) => faults.length > 0);
  if (bad.length > 0) throw new FailedError(`${bad.length} of ${audits.length} logs are wrong`);
}

async function rotateLogKey({ session, world, out }: Context): Promise<void> {
  const { signal } = world;
  const { keys } = await session.receipts.listLogKeys({}, { signal });
  const newest = keys.at(-1)?.verifier ?? '';
  const { key } = await session.receipts.rotateLogKey({ newest }, { signal });
  out.item(logKeyView(), present(key, 'key'));
}

async function retireLogKey(
  { session, world, out }: Context,
  args: readonly string[],
): Promise<void> {
  const request = { verifier: argument(args, 0) };
  const { key } = await session.receipts.retireLogKey(request, { signal: world.signal });
  out.item(logKeyView(), present(key, 'key'));
}
