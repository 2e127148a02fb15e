import { randomBytes } from 'node:crypto';
import type { Http2Stream } from 'node:http2';
import { type Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import { isValidTraceId } from '@opentelemetry/api';
import { admit } from './admit.js';
import { keepRecord, type Outcome, provenCaller, resultOf } from './audit.js';
import { ANONYMOUS, type Caller, type CallMetadata, type Proven } from './call.js';
import { logFailure } from './call-log.js';
import { runServing, type Serving } from './context.js';
import { ANSWER_MS, dropAnswer } from './drop-answer.js';
import { deadlineExceeded, endedEarly, notTaken } from './endings.js';
import type { Endpoint, ServerState } from './endpoint.js';
import type { Peer } from './peer.js';
import { ReceivedMetadata } from './received-metadata.js';
import { RequestStream } from './request-stream.js';
import { describeCaller, endSpan, type OpenSpan, openServerSpan } from './spans.js';
import { complete, type Failure, toStatus } from './status.js';
import { timeOf } from './time-of-call.js';

/** A status as grpc-js takes it. */
export type OutgoingStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

type Transport = Pick<
  ServerInterceptingCallInterface,
  'getDeadline' | 'getPeer' | 'sendStatus' | 'startRead'
> & { readonly stream: Http2Stream };

const CORRELATION_ID = /^[\w.:-]{1,128}$/;
const NOTHING: CallMetadata = { get: () => undefined };
const END_OF_TIME = new Date(8.64e15);

/** One call from its first byte to its status. Made for every call, so it makes little itself. */
export class ServingCall implements Serving {
  readonly endpoint: Endpoint;
  readonly peer: Peer;
  caller: Caller = ANONYMOUS;
  ended = false;
  metadata: CallMetadata = NOTHING;
  /** What the client streams, once the handler may read it. */
  requests: RequestStream | undefined;
  /** What the handler has answered, if it answers once. */
  response: unknown;
  /** As bytes until it is decoded. */
  request: unknown;
  /** Whether the log and the audit have been told of calls like this one. */
  isKnown = false;
  readonly #server: ServerState;
  readonly #transport: Transport;
  readonly #startedAt: number;
  #span: OpenSpan | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #stopTimer: (() => void) | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #afterEnd: readonly (() => void)[] | undefined;
  #correlationId: string | undefined;
  #traceId: string | undefined;
  #handled = false;
  #thrown: unknown;
  #reason = '';
  #proven: Proven | undefined;
  /** Whether the handler is at work, which the record of the call waits for. */
  #isAtWork = false;
  #outcome: Outcome | undefined;
  /** Whether the answer is on the way: it is out with the status OK, and with no other. */
  #isAnswered = false;
  #stopWaiting: (() => void) | undefined;
  #sentCode: status | undefined;

  constructor(endpoint: Endpoint, server: ServerState, transport: Transport, peer: Peer) {
    this.#transport = transport;
    this.peer = peer;
    this.endpoint = endpoint;
    this.#server = server;
    this.#startedAt = server.clock.elapsed();
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#abortReason) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get deadline(): Date {
    return this.hasDeadline ? new Date(this.#deadlineMs) : END_OF_TIME;
  }

  get hasDeadline(): boolean {
    return this.#deadlineMs !== Number.POSITIVE_INFINITY;
  }

  get correlationId(): string {
    if (this.#correlationId === undefined) {
      const given = this.metadata.get('x-correlation-id') ?? '';
      this.#correlationId = CORRELATION_ID.test(given) ? given : this.traceId;
    }
    return this.#correlationId;
  }

  get traceId(): string {
    if (this.#traceId === undefined) {
      const traced = this.#span?.span.spanContext().traceId ?? '';
      this.#traceId = isValidTraceId(traced) ? traced : randomBytes(16).toString('hex');
    }
    return this.#traceId;
  }

  /** Takes the metadata in, and joins the caller's trace. */
  open(metadata: Metadata): void {
    this.metadata = new ReceivedMetadata(metadata);
    this.#server.open.add(this);
    this.#limit(Number(this.#transport.getDeadline()));
    if (this.endpoint.quiet) return;
    this.#span = openServerSpan(this.#server.tracer, this.endpoint, metadata);
  }

  /** Runs the handler in the context of the call. It must catch what it throws. */
  run(handle: () => Promise<void>): void {
    if (this.endpoint.streams) this.#stopTimer?.();
    void runServing(this, this.#span?.context, handle);
  }

  /** Holds the call to its deadline. */
  #limit(given: number): void {
    const { clock, limits } = this.#server;
    const now = clock.now().getTime();
    const { deadlineMs, endInMs } = timeOf({ given, now, streams: this.endpoint.streams }, limits);
    this.#deadlineMs = deadlineMs;
    if (endInMs === undefined) return;
    this.#stopTimer = clock.after(endInMs, () => this.abort(deadlineExceeded()));
  }

  /** Opens the stream of requests. Nothing of it is read before the handler asks. */
  openRequests(): RequestStream {
    this.requests = new RequestStream({
      startRead: () => this.#transport.startRead(),
      decode: this.endpoint.decode,
      abort: (reason) => this.abort(reason),
    });
    return this.requests;
  }

  /** Lets the caller in and decodes the request, if it is there yet, or throws. */
  admit(bytes: Buffer | undefined): unknown {
    return admit(this, this.#server, bytes);
  }

  /** The address that the call came from. */
  address(): string {
    return this.#transport.getPeer();
  }

  proved(who: Proven): void {
    this.#proven = { ...this.#proven, ...who };
  }

  afterEnd(callback: () => void): void {
    if (this.ended) callback();
    else this.#afterEnd = [...(this.#afterEnd ?? []), callback];
  }

  /** Tells the handler to stop, and why. The call ends with that reason unless it has ended. */
  abort(reason: Error): void {
    if (this.#abortReason) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
    this.requests?.stop(reason);
    if (this.ended) return;
    if (this.onAbort) this.onAbort(reason);
    else this.#transport.sendStatus(this.fail(reason));
  }

  /** Ends a stream on the wire when it is aborted, after what was written before. */
  onAbort: ((reason: Error) => void) | undefined;

  /** The status for what the handler threw. An abort is what made an aborted handler throw. */
  fail(thrown: unknown): Failure {
    this.#handled = true;
    this.#thrown = this.#abortReason ?? thrown;
    const failure = toStatus(this.#thrown, this);
    this.#reason = failure.reason;
    return failure;
  }

  /** Notes that a handler begins that answers once. It must tell of its end. */
  beginWork(): void {
    this.#isAtWork = true;
  }

  /** Notes what the handler has come to. The record of a call that has ended is made by that. */
  endWork(outcome: Outcome): void {
    this.#isAtWork = false;
    this.#outcome = outcome;
    if (this.#sentCode !== undefined) this.#settle(this.#sentCode);
    else if (outcome.kind === 'done') this.#answering();
  }

  /** Where somebody waits for the end, a client that takes no answer loses it. */
  #answering(): void {
    this.#handled = true;
    this.#isAnswered = true;
    if (!this.#afterEnd) return;
    this.#stopWaiting = this.#server.clock.after(ANSWER_MS, () => {
      // What has gone out while this process was busy is learnt of first.
      setImmediate(() => {
        if (!this.ended) this.abort(notTaken());
      });
    });
  }

  /** Completes the status that goes out, and closes the books on the call. Later ones are moot. */
  finish(sent: OutgoingStatus): OutgoingStatus {
    if (this.ended) return sent;
    const outgoing = this.#completed(sent);
    this.#close(outgoing.code);
    if (!this.#handled) this.abort(endedEarly(outgoing.code));
    this.requests?.stop(endedEarly(outgoing.code));
    return outgoing;
  }

  /** Takes note that the client is gone. */
  hangUp(): void {
    if (this.ended) return;
    this.#close(status.CANCELLED);
    this.abort(new DOMException('the client has hung up', 'AbortError'));
  }

  #completed(sent: OutgoingStatus): OutgoingStatus {
    if (sent.code === status.OK || this.#reason !== '') return sent;
    // Before a handler ran, grpc-js has no other reason for INTERNAL than bytes it cannot read.
    const unreadable = sent.code === status.INTERNAL && !this.#handled;
    const code = unreadable ? status.INVALID_ARGUMENT : sent.code;
    const failure = complete({ code, details: sent.details ?? '' }, this);
    this.#reason = failure.reason;
    return failure;
  }

  #close(code: status): void {
    this.ended = true;
    this.#tellEnd(code);
    const { clock, durations, open } = this.#server;
    open.delete(this);
    this.#stopTimer?.();
    const { labels, quiet } = this.endpoint;
    const ms = clock.elapsed() - this.#startedAt;
    if (!quiet) durations.record(ms, { ...labels, 'rpc.grpc.status_code': code });
    if (this.#span) {
      describeCaller(this.#span, this.caller);
      endSpan(this.#span, code);
    }
    if (code !== status.OK && !quiet) this.#log(code, ms);
    if (this.#isAtWork) this.#sentCode = code;
    else this.#settle(code);
  }

  #tellEnd(code: status): void {
    this.#stopWaiting?.();
    const callbacks = this.#afterEnd;
    if (!callbacks) return;
    const tell = (): void => {
      for (const callback of callbacks) callback();
    };
    const { stream } = this.#transport;
    if (this.#isAnswered && code !== status.OK) dropAnswer(stream, this.#server.clock, tell);
    else tell();
  }

  /** Does what is left once the call has ended and its handler too. */
  #settle(code: status): void {
    this.#keepRecord(code);
    if (this.endpoint.secret && Buffer.isBuffer(this.request)) this.request.fill(0);
  }

  #keepRecord(code: status): void {
    const { audit } = this.#server;
    if (!audit || this.isKnown) return;
    const sent = { code, reason: this.#reason };
    keepRecord(audit, this.endpoint, {
      ...resultOf(sent, this.#outcome, (error) => toStatus(error, this)),
      ...{ caller: this.caller, proven: this.#proven, traceId: this.traceId },
      ...{ request: this.request, response: this.response, correlationId: this.correlationId },
      peer: () => this.address(),
      peerService: this.peer.via === 'mesh' ? this.peer.service : '',
    });
  }

  #log(code: status, ms: number): void {
    const { logger } = this.#server;
    logFailure(logger, {
      ...{ path: this.endpoint.path, code, reason: this.#reason, ms, thrown: this.#thrown },
      ...{ traceId: this.traceId, correlationId: this.correlationId, isKnown: this.isKnown },
      caller: provenCaller(this.caller, this.#proven),
    });
  }
}
