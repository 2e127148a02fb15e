import { AuditServiceService } from '@ramet/proto-gen/audit.v1';
import { type Audit, type Implemented, implement } from '@ramet/rpc';
import { AuditLog, type AuditLogOptions } from './audit-log.js';
import { exportAudit, listAudit } from './handlers.js';

/** How long records are kept unless a service is told otherwise. */
export const AUDIT_RETENTION_DAYS = 400;

/** The audit of a service: where its server tells of calls, and the RPCs that show them. */
export interface RunningAudit extends AsyncDisposable {
  readonly keep: Audit;
  readonly implemented: Implemented;
}

export interface AuditOptions extends Omit<AuditLogOptions, 'retentionDays'> {
  /** The name of the service. */
  readonly service: string;
  readonly retentionDays?: number | undefined;
}

/** Starts the audit of a service, in the table `audit` of its schema. */
export function startAudit(options: AuditOptions): RunningAudit {
  const { retentionDays = AUDIT_RETENTION_DAYS } = options;
  const log = new AuditLog({ ...options, retentionDays });
  const needs = { ...options, log };
  return {
    keep: (record) => log.keep(record),
    implemented: implement(AuditServiceService, {
      listAudit: listAudit(needs),
      exportAudit: exportAudit(needs),
    }),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}
