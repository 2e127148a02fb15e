import { status } from '@grpc/grpc-js';
import type { Caller } from './call.js';
import type { Endpoint } from './endpoint.js';
import { wipe } from './request-secrets.js';
import { targetsOf } from './targets.js';
import { peerKey } from './throttle.js';

/** One call, as the audit keeps it. */
export interface AuditRecord {
  readonly action: string;
  readonly method: string;
  readonly caller: Caller;
  /** The address of the caller, without its port. */
  readonly peer: string;
  /** The ids of what it was about, as far as they could be read. */
  readonly targets: readonly string[];
  /** The name of the status, `OK` included. */
  readonly code: string;
  /** Why it failed. Empty if it did not. */
  readonly reason: string;
  readonly correlationId: string;
  readonly traceId: string;
}

/** Keeps a record of a call, as the audit class of its rule asks. Must not throw. */
export type Audit = (record: AuditRecord) => void;

/** What there is to know of a call that has ended. */
export interface Ended
  extends Omit<AuditRecord, 'action' | 'method' | 'peer' | 'targets' | 'code'> {
  readonly code: status;
  readonly peer: () => string;
  /** The request, decoded or still as bytes, and the response if there was one. */
  readonly request: unknown;
  readonly response: unknown;
}

/** What may show that somebody tries what they may not, also of a call that only reads. */
const REFUSALS: ReadonlySet<status> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.NOT_FOUND,
  status.RESOURCE_EXHAUSTED,
]);

/** Tells the audit of a call, if the rule of its method asks for that. */
export function keepRecord(audit: Audit, endpoint: Endpoint, ended: Ended): void {
  const { rule, path } = endpoint;
  if (!rule || rule.audit === 'none') return;
  if (rule.audit === 'read' && !REFUSALS.has(ended.code)) return;

  const { caller, code, reason, correlationId, traceId, response } = ended;
  const request = readable(ended.request, endpoint);
  audit({
    ...{ action: rule.action, method: path, caller, reason, correlationId, traceId },
    peer: peerOf(ended.peer()),
    targets: targetsOf(request, response),
    code: status[code],
  });
  // What was decoded for this record alone nobody else forgets.
  if (endpoint.secret && request !== ended.request) wipe(request);
}

/** A request that was refused before anybody has decoded it may still tell what it was about. */
function readable(request: unknown, { decode }: Endpoint): unknown {
  if (!Buffer.isBuffer(request)) return request;
  try {
    return decode(request);
  } catch {
    return undefined;
  }
}

function peerOf(peer: string): string {
  return peer === '' || peer.startsWith('unix') || peer.startsWith('/') ? 'unix' : peerKey(peer);
}
