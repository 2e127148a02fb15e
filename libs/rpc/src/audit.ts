import { status } from '@grpc/grpc-js';
import { PublicError } from '@ramet/errors';
import type { Caller, Proven } from './call.js';
import type { Endpoint } from './endpoint.js';
import { wipe } from './request-secrets.js';
import { MAX_TARGETS, targetsOf } from './targets.js';
import { hostOf } from './throttle.js';

/** One call, as the audit keeps it. */
export interface AuditRecord {
  readonly action: string;
  readonly method: string;
  readonly caller: Caller;
  /** The address of the caller, without its port. */
  readonly peer: string;
  /** The service that the certificate of the connection is of. Empty: none was asked for. */
  readonly peerService: string;
  /** The ids of what it was about, as far as they could be read. */
  readonly targets: readonly string[];
  /** The name of the status, `OK` included. */
  readonly code: string;
  /** Why it failed, or why nobody was told that it did not. Empty otherwise. */
  readonly reason: string;
  readonly correlationId: string;
  readonly traceId: string;
  /** Whether a credential in the request has told who the caller is, and no token. */
  readonly isExchange: boolean;
}

/** Keeps a record of a call, as the audit class of its rule asks. Must not throw. */
export type Audit = (record: AuditRecord) => void;

/** What there is to know of a call that has ended. */
export interface Ended
  extends Omit<AuditRecord, 'action' | 'method' | 'peer' | 'targets' | 'code' | 'isExchange'> {
  readonly code: status;
  readonly proven: Proven | undefined;
  readonly peer: () => string;
  /** The request, decoded or still as bytes, and the response if there was one. */
  readonly request: unknown;
  readonly response: unknown;
}

/** What a handler has come to. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly thrown: unknown };

/** A status, and why if it is none of success. */
interface Told {
  readonly code: status;
  readonly reason: string;
}

/**
 * The result of a call for the record: what its handler has come to, also where nobody was left to
 * be told. Then the reason says what has come between. An error that is not the handler's own word
 * is of the abort.
 */
export function resultOf(
  told: Told,
  outcome: Outcome | undefined,
  toTold: (error: PublicError) => Told,
): Told {
  if (told.code === status.OK || !outcome) return told;
  if (outcome.kind === 'failed') {
    return outcome.thrown instanceof PublicError ? toTold(outcome.thrown) : told;
  }
  const reason = told.code === status.CANCELLED ? 'CLIENT_GONE' : told.reason;
  return { code: status.OK, reason };
}

/** What may show that somebody tries what they may not, also of a call that only reads. */
const REFUSALS: ReadonlySet<status> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.NOT_FOUND,
  status.RESOURCE_EXHAUSTED,
]);

/**
 * Tells the audit of a call, if the rule of its method asks for that. Whoever has proven who they
 * are leaves a record, also if nothing was changed by it: what a token was made of stands there.
 */
export function keepRecord(audit: Audit, endpoint: Endpoint, ended: Ended): void {
  const { rule, path } = endpoint;
  if (!rule || rule.audit === 'none') return;
  if (rule.audit === 'read' && !ended.proven && !REFUSALS.has(ended.code)) return;

  const { caller, code, reason, peerService, correlationId, traceId, response, proven } = ended;
  const request = readable(ended.request, endpoint);
  const targets = [...targetsOf(request, response), ...(proven?.credentialIds ?? [])];
  audit({
    ...{ action: rule.action, method: path, reason, peerService, correlationId, traceId },
    caller: provenCaller(caller, proven),
    peer: peerOf(ended.peer()),
    targets: [...new Set(targets)].slice(0, MAX_TARGETS),
    code: status[code],
    isExchange: proven !== undefined,
    ...(code !== status.OK && proven?.reason && { reason: proven.reason }),
  });
  // What was decoded for this record alone nobody else forgets.
  if (endpoint.secret && request !== ended.request) wipe(request);
}

/** Who has called: whom a credential in the request has proven, or else whom a token has. */
export function provenCaller(caller: Caller, proven: Proven | undefined): Caller {
  if (!proven) return caller;
  const { kind, id, admin = false, tokenId = '' } = proven;
  return { kind, id, admin, tokenId };
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
  return peer === '' || peer.startsWith('unix') || peer.startsWith('/') ? 'unix' : hostOf(peer);
}
