import { AuditCallerKind, type AuditRecord } from '@ramet/proto-gen/audit.v1';
import type { AuditRow } from './audit-table.js';

const CALLER_KIND = {
  anonymous: AuditCallerKind.ANONYMOUS,
  user: AuditCallerKind.USER,
  service: AuditCallerKind.SERVICE,
  workload: AuditCallerKind.WORKLOAD,
} as const satisfies Record<AuditRow['callerKind'], AuditCallerKind>;

/** A row on the wire. */
export function toMessage(row: AuditRow, service: string): AuditRecord {
  const { at, callerKind, ...rest } = row;
  return { ...rest, service, time: at, callerKind: CALLER_KIND[callerKind] };
}
