import type { status } from '@grpc/grpc-js';
import type { Precondition, QuotaViolation, Resource, Violation } from '@ramet/errors';
import type { Details } from './details.js';

/** The name of a gRPC status, such as `NOT_FOUND`. */
export type StatusName = Exclude<keyof typeof status, 'OK'>;

/** What a peer answered instead of a response. Match on `reason`, never on the message. */
export class RemoteError extends Error implements Details {
  override readonly name = 'RemoteError';
  readonly code: StatusName;
  /** The stable name of the failure. Empty if the answer did not come from a service of ours. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly resource: Resource | undefined;
  readonly preconditions: readonly Precondition[];
  readonly quotas: readonly QuotaViolation[];
  readonly retryAfterMs: number | undefined;
  /** The path of the method that was called. */
  readonly method: string;
  readonly correlationId: string;
  readonly traceId: string;

  constructor(code: StatusName, message: string, details: Partial<Details> = {}, method = '') {
    super(message);
    this.code = code;
    this.method = method;
    this.reason = details.reason ?? '';
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.resource = details.resource;
    this.preconditions = details.preconditions ?? [];
    this.quotas = details.quotas ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.correlationId = details.correlationId ?? '';
    this.traceId = details.traceId ?? '';
  }
}
