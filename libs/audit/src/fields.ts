import type { Fields } from '@ramet/database';

/** What lists of the audit can be narrowed by: docs/filters.md. */
export const AUDIT_FIELDS: Fields = {
  time: { type: 'timestamp', sql: 'a.at' },
  caller_kind: {
    type: 'enum',
    sql: 'upper(a.caller_kind)',
    values: ['ANONYMOUS', 'USER', 'SERVICE', 'WORKLOAD'],
    long: 'AUDIT_CALLER_KIND_',
  },
  caller_id: { type: 'id', sql: 'a.caller_id' },
  on_behalf_of: { type: 'id', sql: 'a.on_behalf_of' },
  token_id: { type: 'id', sql: 'a.token_id' },
  peer: { type: 'text', sql: 'a.peer collate "C"' },
  peer_service: { type: 'text', sql: 'a.peer_service collate "C"' },
  action: { type: 'text', sql: 'a.action collate "C"' },
  method: { type: 'text', sql: 'a.method collate "C"' },
  targets: { type: 'list', sql: 'a.targets' },
  code: { type: 'text', sql: 'a.code collate "C"' },
  reason: { type: 'text', sql: 'a.reason collate "C"' },
  correlation_id: { type: 'id', sql: 'a.correlation_id' },
  trace_id: { type: 'id', sql: 'a.trace_id' },
};
