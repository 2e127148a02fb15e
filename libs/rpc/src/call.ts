/** What kind of credential a caller showed. */
export type CallerKind = 'anonymous' | 'user' | 'service' | 'workload';

/** Who is calling, as proven by their credentials. */
export interface Caller {
  readonly kind: CallerKind;
  /** The id of the user or execution, or the name of the service. Empty for anonymous callers. */
  readonly id: string;
  /** Whether a user administers the mesh. */
  readonly admin: boolean;
  /** The user a service acts for, where that user's right is at stake. */
  readonly onBehalfOf?: string;
  /** What a workload's identity is bound to. */
  readonly workload?: WorkloadIdentity;
  /** The id of the token, for revocation and audit. */
  readonly tokenId: string;
  /** The actions that the token is good for, or the beginning of their names before `.*`. Absent: all. */
  readonly scopes?: readonly string[];
  /** The ids of what the token was made of: it is revoked with any of them. */
  readonly credentialIds?: readonly string[];
  /** What requests with the token have to be about. Absent: whatever. */
  readonly binding?: Binding;
  /** The version of the user that the token was made of. A user may refuse tokens of older ones. */
  readonly version?: number;
}

/** What a token is good for that was made for one signed request. */
export interface Binding {
  /** The one thing. Empty: what the owner has. */
  readonly targetId: string;
  readonly ownerId: string;
  /** What a request that can be told by a request id has as that. */
  readonly requestId: string;
}

/** The one epoch of one execution that a workload's identity holds for. */
export interface WorkloadIdentity {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}

/** The caller that showed no credential. */
export const ANONYMOUS: Caller = { kind: 'anonymous', id: '', admin: false, tokenId: '' };

/** The metadata that came with a call. Names are lower-case; a binary value reads as undefined. */
export interface CallMetadata {
  get(name: string): string | undefined;
}

/** Who is behind a credential that came in a request: the caller of that call, for the record. */
export interface Proven extends Pick<Caller, 'kind' | 'id'> {
  readonly admin?: boolean;
  /** What was shown, and what that was made of. */
  readonly credentialIds?: readonly string[];
  /** The token that was made of it. */
  readonly tokenId?: string;
  /** Why it is refused, where the caller is told less. */
  readonly reason?: string;
}

/** What a handler may know of a call besides its request. */
export interface Call {
  readonly caller: Caller;
  /** Aborts when the client hangs up, the deadline passes or the server stops. */
  readonly signal: AbortSignal;
  /** When the answer stops being of use. The end of time for a stream without a deadline. */
  readonly deadline: Date;
  /** What ties together all calls that one cause led to. */
  readonly correlationId: string;
  readonly traceId: string;
  readonly metadata: CallMetadata;
  /**
   * Tells log and audit who has made the call, where a credential in the request says so and not a
   * token: also one that is refused after all. What is told later is added.
   */
  proved(who: Proven): void;
  /**
   * Calls back once the call has ended and its answer is out, or cannot go out any more. One that its
   * client does not take within a moment is dropped.
   */
  afterEnd(callback: () => void): void;
  /** Ends the call with an error, even while what it has sent is not read: that is sent before. */
  abort(reason: Error): void;
}

/** Handles one request with one response. */
export type Unary<Request, Response> = (
  request: Request,
  call: Call,
) => Promise<Response | Encoded>;

/**
 * Handles one request with a stream of responses. The stream ends when the iterable does.
 *
 * Many responses may be yielded at once: each is taken when there is room for it.
 */
export type Streaming<Request, Response> = (
  request: Request,
  call: Call,
) => AsyncIterable<Response | Encoded | Iterable<Encoded>>;

/**
 * Handles a stream of requests with one response.
 *
 * Requests are read as the handler asks for them. An answer, or an error, ends the call even if
 * the client has not sent all. The iteration throws once the call has ended: an AbortError if the
 * client has hung up.
 */
export type Uploading<Request, Response> = (
  requests: AsyncIterable<Request>,
  call: Call,
) => Promise<Response | Encoded>;

/** A response that is encoded already, for what is sent to many. Goes out as it is. */
export type Encoded = Buffer;
