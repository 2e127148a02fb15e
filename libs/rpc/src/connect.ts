import {
  type Client,
  type CallOptions as GrpcCallOptions,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { context } from '@opentelemetry/api';
import { type ClientTls, openChannel } from './channel.js';
import { currentServing, type Serving } from './context.js';
import type { Contract } from './contract.js';
import { type AnyMethod, type KindOf, type Method, methodsOf } from './method.js';
import { type Clock, machineClock } from './ports.js';
import { RemoteError } from './remote-error.js';
import { RequestSource } from './request-source.js';
import {
  createTracer,
  endSpan,
  labelsOf,
  type MethodLabels,
  type OpenSpan,
  openClientSpan,
} from './spans.js';
import { toRemoteError } from './status.js';

/** What goes for all calls of a client. */
export interface ConnectOptions {
  /** The token to show on every call. Asked each time, so that it may renew itself. */
  readonly token?: () => Promise<string>;
  /**
   * How long to wait for an answer, while nobody waits for ours: who does is served for as long as a
   * call may take, within their own deadline. Streams have no deadline unless a call gives one.
   */
  readonly timeoutMs?: number;
  /** The user for whom this service acts. */
  readonly onBehalfOf?: string;
  /** Tells which methods may be repeated: those are, when the server is away. */
  readonly contract?: Contract;
  /** Throws if a database transaction is open here: none may be, across a call. */
  readonly noTransaction?: () => void;
  readonly clock?: Clock;
  readonly tls?: ClientTls | undefined;
}

/** What goes for one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly onBehalfOf?: string;
  readonly token?: string;
}

/**
 * A service as seen by its caller: the shape of its handlers, without the `Call`.
 *
 * A stream of requests is pulled no faster than the server reads, and not any more once the server
 * has answered: its `return` is called then. What it throws cancels the call, and is thrown.
 */
export type Remote<Service> = AsyncDisposable & {
  readonly [Name in keyof Service]: Service[Name] extends Method<infer Request, infer Response>
    ? {
        unary: (request: Request, options?: CallOptions) => Promise<Response>;
        streaming: (
          request: Request,
          options?: CallOptions,
        ) => AsyncGenerator<Response, void, void>;
        uploading: (requests: AsyncIterable<Request>, options?: CallOptions) => Promise<Response>;
        both: never;
      }[KindOf<Service[Name]>]
    : never;
};

const UNARY_TIMEOUT_MS = 10_000;
/** What a call made while serving leaves of the time that is left: a tenth, 100 ms at most. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 100;

/**
 * Connects to a service. The connection is made on the first call, and kept.
 *
 * What is thrown is a RemoteError. A call made while serving another carries on its trace, its
 * correlation id and what is left of its deadline, and ends with it.
 *
 * Throws if plaintext would leave the machine: tokens travel with calls.
 */
export function connect<Service extends object>(
  service: Service,
  address: string,
  options: ConnectOptions = {},
): Remote<Service> {
  const { tls, contract } = options;
  const client = openChannel(service, address, { tls, contract });
  const remote: Record<string | symbol, unknown> = {
    [Symbol.asyncDispose]: async () => client.close(),
  };
  for (const [name, method] of methodsOf(service)) {
    const caller = new MethodCaller(client, method, options);
    remote[name] = callOf(caller, method);
  }
  // The mapped type says of each method what the loop has done.
  return remote as Remote<Service>;
}

function callOf(caller: MethodCaller, { path, requestStream, responseStream }: AnyMethod) {
  if (requestStream && responseStream) {
    throw new Error(`${path} streams both ways, which is not supported`);
  }
  if (requestStream) {
    return (requests: AsyncIterable<unknown>, each?: CallOptions) => caller.upload(requests, each);
  }
  return responseStream
    ? (request: unknown, each?: CallOptions) => caller.stream(request, each)
    : (request: unknown, each?: CallOptions) => caller.unary(request, each);
}

interface Outgoing {
  readonly metadata: Metadata;
  readonly grpcOptions: GrpcCallOptions;
  readonly span: OpenSpan;
  readonly signals: readonly AbortSignal[];
}

class MethodCaller {
  readonly #client: Client;
  readonly #method: AnyMethod;
  readonly #options: ConnectOptions;
  readonly #clock: Clock;
  readonly #named: { readonly path: string; readonly labels: MethodLabels };
  readonly #tracer = createTracer();

  constructor(client: Client, method: AnyMethod, options: ConnectOptions) {
    this.#client = client;
    this.#method = method;
    this.#options = options;
    this.#clock = options.clock ?? machineClock;
    this.#named = { path: method.path, labels: labelsOf(method.path) };
  }

  async unary(request: unknown, options: CallOptions = {}): Promise<unknown> {
    const { metadata, grpcOptions, span, signals } = await this.#prepare(options);
    const { path, requestSerialize, responseDeserialize } = this.#method;
    return new Promise((resolve, reject) => {
      let release: () => void = () => undefined;
      const done = (error: ServiceError | null, response: unknown): void => {
        release();
        endSpan(span, error?.code ?? status.OK);
        if (error) reject(toRemoteError(path, error));
        else resolve(response);
      };
      context.with(span.context, () => {
        const call = this.#client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          grpcOptions,
          done,
        );
        release = whenAborted(signals, () => call.cancel());
      });
    });
  }

  async *stream(request: unknown, options: CallOptions = {}): AsyncGenerator<unknown, void, void> {
    const { metadata, grpcOptions, span, signals } = await this.#prepare(options);
    const { path, requestSerialize, responseDeserialize } = this.#method;
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      grpcOptions,
    );
    const release = whenAborted(signals, () => call.cancel());
    let code = status.CANCELLED;
    try {
      yield* call as AsyncIterable<unknown>;
      code = status.OK;
    } catch (thrown) {
      if (!isServiceError(thrown)) throw thrown;
      code = thrown.code;
      throw toRemoteError(path, thrown);
    } finally {
      release();
      call.cancel();
      endSpan(span, code);
    }
  }

  async upload(requests: AsyncIterable<unknown>, options: CallOptions = {}): Promise<unknown> {
    const source = new RequestSource(requests);
    let outgoing: Outgoing;
    try {
      outgoing = await this.#prepare(options);
    } catch (thrown) {
      await source.close();
      throw thrown;
    }
    const { metadata, grpcOptions, span, signals } = outgoing;
    const { path, requestSerialize, responseDeserialize } = this.#method;
    return new Promise((resolve, reject) => {
      let release: () => void = () => undefined;
      let sent: Promise<void> | undefined;
      const done = (error: ServiceError | null, response: unknown): void => {
        release();
        endSpan(span, error?.code ?? status.OK);
        source.stop();
        const settle = () => (error ? reject(toRemoteError(path, error)) : resolve(response));
        sent?.then(settle, settle);
      };
      context.with(span.context, () => {
        const call = this.#client.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          metadata,
          grpcOptions,
          done,
        );
        sent = source.sendTo(call);
        sent.catch((thrown: unknown) => {
          reject(thrown);
          call.cancel();
        });
        release = whenAborted(signals, () => call.cancel());
      });
    });
  }

  async #prepare(options: CallOptions): Promise<Outgoing> {
    this.#options.noTransaction?.();
    const serving = currentServing();
    const signals = [options.signal, serving?.signal].filter((each) => each !== undefined);
    if (signals.some((signal) => signal.aborted)) {
      throw new RemoteError('CANCELLED', 'the call was cancelled before it was made');
    }

    const metadata = new Metadata();
    for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
    const token = options.token ?? (await this.#options.token?.());
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    const user = options.onBehalfOf ?? this.#options.onBehalfOf;
    if (user !== undefined) metadata.set('x-on-behalf-of', user);
    if (serving) metadata.set('x-correlation-id', serving.correlationId);
    const span = openClientSpan(this.#tracer, this.#named, metadata);
    return { metadata, grpcOptions: this.#deadline(options, serving), span, signals };
  }

  #deadline({ timeoutMs }: CallOptions, serving: Serving | undefined): GrpcCallOptions {
    const now = this.#clock.now().getTime();
    const { requestStream, responseStream } = this.#method;
    // While somebody waits for an answer of ours, a call may take what calls usually may.
    const usual = serving ? UNARY_TIMEOUT_MS : this.#options.timeoutMs;
    const fallback =
      requestStream || responseStream ? Number.POSITIVE_INFINITY : (usual ?? UNARY_TIMEOUT_MS);
    let deadline = now + (timeoutMs ?? fallback);
    if (serving?.hasDeadline) {
      const left = serving.deadline.getTime() - now;
      deadline = Math.min(deadline, now + left - Math.min(left * MARGIN_SHARE, MAX_MARGIN_MS));
    }
    return deadline === Number.POSITIVE_INFINITY ? {} : { deadline };
  }
}

/** Calls back once one of the signals aborts or if one has, unless the returned function is called before. */
function whenAborted(signals: readonly AbortSignal[], callback: () => void): () => void {
  for (const signal of signals) signal.addEventListener('abort', callback, { once: true });
  if (signals.some((signal) => signal.aborted)) callback();
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', callback);
  };
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && 'metadata' in thrown;
}
