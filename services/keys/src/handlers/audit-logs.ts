import type { AuditLogsRequest, AuditLogsResponse } from '@ramet/proto-gen/keys.v1';
import type { Streaming } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toAuditMessage } from '../log-messages.js';

/** Makes every log anew, and tells of each what is wrong with it. */
export function auditLogs({
  auditor,
}: Pick<Deps, 'auditor'>): Streaming<AuditLogsRequest, AuditLogsResponse> {
  return async function* (_, { signal }) {
    for await (const audited of auditor.audit()) {
      signal.throwIfAborted();
      yield { audit: toAuditMessage(audited) };
    }
  };
}
