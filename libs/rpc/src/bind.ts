import type {
  Metadata,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { PublicError } from '@ramet/errors';
import type { Streaming, Unary, Uploading } from './call.js';
import type { Endpoint } from './endpoint.js';
import type { Implemented } from './implement.js';
import { type AnyMethod, type Invalid, methodsOf } from './method.js';
import { ResponseStream } from './response-stream.js';
import type { ServingCall } from './serving-call.js';
import { servingOf } from './watch-over.js';

/** A service in the terms of grpc-js. */
export interface Bound {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** A call of grpc-js that is answered once. There is no single request if it streams them. */
interface Incoming {
  readonly metadata: Metadata;
  readonly request?: Buffer;
}

type Handler = Unary<unknown, unknown> | Streaming<unknown, unknown> | Uploading<unknown, unknown>;

/** Answers a call with one response. The bytes are those of the request, where there is one. */
type Answer = (call: ServingCall, bytes: Buffer | undefined) => Promise<Buffer>;

const asIs = (bytes: Buffer): Buffer => bytes;

/**
 * Turns plain async handlers into the callbacks that grpc-js expects.
 *
 * grpc-js is given and gives bytes: it would answer INTERNAL to what it cannot decode, and would
 * decode before anybody has asked who is calling.
 */
export function bind(service: Implemented, endpoints: ReadonlyMap<string, Endpoint>): Bound {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  const handlers = service.handlers as Record<string, Handler>;
  const invalid = (service.invalid ?? {}) as Record<string, Invalid<object>>;
  for (const [name, method] of methodsOf(service.definition)) {
    const { path, requestStream, responseStream } = method;
    const handler = handlers[name];
    const endpoint = endpoints.get(path);
    if (!handler || !endpoint) throw new Error(`there is no handler for ${path}`);
    if (requestStream && responseStream) {
      throw new Error(`${path} streams both ways, which is not supported`);
    }

    definition[name] = {
      path,
      requestStream,
      responseStream,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    implementation[name] = served(endpoint, handler, tellInvalid(method, invalid[name]));
  }
  return { definition, implementation };
}

function served(
  endpoint: Endpoint,
  handler: Handler,
  refuse: Refuse | undefined,
): UntypedServiceImplementation[string] {
  if (endpoint.uploads) {
    return respondWith(answerUpload(endpoint, handler as Uploading<unknown, unknown>));
  }
  if (endpoint.streams) return serveStream(endpoint, handler as Streaming<unknown, unknown>);
  return respondWith(answerUnary(endpoint, handler as Unary<unknown, unknown>, refuse));
}

function answerUnary(
  { encode }: Endpoint,
  handler: Unary<unknown, unknown>,
  refuse: Refuse | undefined,
): Answer {
  return async (call, bytes) => {
    let request: unknown;
    try {
      const admitted = call.admit(bytes);
      request = admitted instanceof Promise ? await admitted : admitted;
    } catch (thrown) {
      await refuse?.(thrown, bytes, call);
      throw thrown;
    }
    const response = await handler(request, call);
    call.response = response;
    return Buffer.isBuffer(response) ? response : encode(response);
  };
}

/** Does what has to be done before a call is refused. */
type Refuse = (thrown: unknown, bytes: Buffer | undefined, call: ServingCall) => Promise<void>;

/** Tells of the requests that break a bound of the contract, and of no other refusal. */
function tellInvalid(
  { requestDeserialize }: AnyMethod,
  told: Invalid<object> | undefined,
): Refuse | undefined {
  if (!told) return undefined;
  return async (thrown, bytes, call) => {
    if (!(thrown instanceof PublicError && thrown.code === 'invalid_argument')) return;
    let request: object = {};
    try {
      request = requestDeserialize(bytes ?? Buffer.alloc(0)) as object;
    } catch {
      // Bytes that are no message say nothing.
    }
    await told(thrown, request, call);
  };
}

function answerUpload({ encode }: Endpoint, handler: Uploading<unknown, unknown>): Answer {
  return async (call) => {
    const requests = call.openRequests();
    await call.admit(undefined);
    const response = await handler(requests, call);
    call.response = response;
    return Buffer.isBuffer(response) ? response : encode(response);
  };
}

function respondWith(answer: Answer) {
  return (grpc: Incoming, respond: sendUnaryData<Buffer>): void => {
    const call = servingOf(grpc.metadata);
    const fail = (thrown: unknown): void => {
      call.endWork({ kind: 'failed', thrown });
      if (!call.ended) respond(call.fail(thrown));
    };
    call.beginWork();
    call.run(() =>
      answer(call, grpc.request).then((bytes) => {
        call.endWork({ kind: 'done' });
        if (!call.ended) respond(null, bytes);
      }, fail),
    );
  };
}

function serveStream({ encode }: Endpoint, handler: Streaming<unknown, unknown>) {
  return (grpc: ServerWritableStream<Buffer, Buffer>): void => {
    const call = servingOf(grpc.metadata);
    const stream = new ResponseStream(grpc, call);
    call.onAbort = (reason) => stream.fail(reason);
    call.run(async () => {
      try {
        const request = await call.admit(grpc.request);
        for await (const response of handler(request, call)) {
          await stream.send(bytesOf(response, encode));
          if (stream.ended) return;
        }
        stream.end();
      } catch (thrown) {
        stream.fail(thrown);
      }
    });
  };
}

/** What a handler of a stream has yielded, as bytes: a response, or some that it encodes one by one. */
function bytesOf(response: unknown, encode: Endpoint['encode']): Iterable<Buffer> {
  if (Buffer.isBuffer(response)) return [response];
  if (isBatch(response)) return response;
  return [encode(response)];
}

/** Messages are plain objects: none of them can be iterated. */
function isBatch(response: unknown): response is Iterable<Buffer> {
  return typeof response === 'object' && response !== null && Symbol.iterator in response;
}
