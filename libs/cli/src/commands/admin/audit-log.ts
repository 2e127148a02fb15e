import type { LogAudit } from '@ramet/proto-gen/keys.v1';
import type { Command } from 'commander';
import type { Act, Context } from '../../context.js';
import { FailedError } from '../../usage-error.js';
import { auditView } from '../../views/logs.js';

/** Adds `audit-log` to `admin`. */
export function addAuditLog(admin: Command, act: Act): void {
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
