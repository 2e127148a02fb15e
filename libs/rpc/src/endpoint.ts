import type { Histogram, Tracer } from '@opentelemetry/api';
import type { Audit } from './audit.js';
import type { Caller, CallMetadata } from './call.js';
import type { Rule } from './contract.js';
import type { AnyMethod } from './method.js';
import type { Clock, Logger } from './ports.js';
import type { Revocations } from './revocations.js';
import type { ServingCall } from './serving-call.js';
import type { MethodLabels } from './spans.js';
import type { Throttle } from './throttle.js';
import type { Decode } from './validation.js';

/** Proves who is calling, or throws. */
export interface Authenticate {
  (metadata: CallMetadata): Caller | Promise<Caller>;
  /** What ends the calls of those whom it has let in. Absent: nothing does. */
  readonly revocations?: Revocations | undefined;
}

/** What a server allows a call at most. */
export interface Limits {
  /** How long a call may take whose client does not say. */
  readonly defaultDeadlineMs: number;
  /** How long a call may take, whatever its client says. Streams are not limited. */
  readonly maxDeadlineMs: number;
  readonly maxMessageBytes: number;
  /** How long running calls may take once the server stops. */
  readonly drainMs: number;
  /** How long a connection is kept before its client is asked to make another. */
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionGraceMs: number;
  readonly maxConcurrentStreams: number;
}

/** A method as it is served: all that can be prepared before the first call. */
export interface Endpoint {
  readonly path: string;
  readonly labels: MethodLabels;
  /** Whether either side streams. Such a call has no deadline unless its client gives one. */
  readonly streams: boolean;
  /** Whether the client streams. Such a call ends by itself: a server that stops waits for it. */
  readonly uploads: boolean;
  /** Who may call. Undefined for what the transport itself offers, such as health. */
  readonly rule: Rule | undefined;
  /** Whether calls leave no span, no measurement and no log line. */
  readonly quiet: boolean;
  /** Whether requests may hold secrets: their bytes are zeroed once they are decoded or refused. */
  readonly secret: boolean;
  readonly decode: Decode;
  readonly encode: AnyMethod['responseSerialize'];
}

/** What all calls of a server share. */
export interface ServerState {
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly tracer: Tracer;
  readonly durations: Histogram;
  readonly audit: Audit | undefined;
  readonly throttle: Throttle | undefined;
  /** The calls that have no status yet. */
  readonly open: Set<ServingCall>;
  draining: boolean;
}
