import type {
  Metadata,
  ServerInterceptingCall,
  ServerInterceptor,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Streaming, Unary } from './call.js';
import type { Endpoint, ServerState } from './endpoint.js';
import type { Implemented } from './implement.js';
import { methodsOf } from './method.js';
import { ResponseStream } from './response-stream.js';
import { ServingCall } from './serving-call.js';

/** A service in the terms of grpc-js. */
export interface Bound {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

type Handler = Unary<unknown, unknown> | Streaming<unknown, unknown>;

const CALL_KEY = 'ramet.call';

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
  for (const [name, { path, requestStream, responseStream }] of methodsOf(service.definition)) {
    const handler = handlers[name];
    const endpoint = endpoints.get(path);
    if (!handler || !endpoint) throw new Error(`there is no handler for ${path}`);
    if (requestStream) throw new Error(`${path} streams requests, which is not supported`);

    definition[name] = {
      path,
      requestStream,
      responseStream,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    implementation[name] = endpoint.streams
      ? serveStream(endpoint, handler as Streaming<unknown, unknown>)
      : serveUnary(endpoint, handler as Unary<unknown, unknown>);
  }
  return { definition, implementation };
}

/**
 * Watches over each call from its metadata to its status, those included that grpc-js sends by
 * itself and that no handler sees: messages over the limit, deadlines, bytes it cannot unpack.
 *
 * The call is changed in place; wrapping it in a ServerInterceptingCall costs more and does not
 * see those.
 */
export function watchOver(
  endpoints: ReadonlyMap<string, Endpoint>,
  server: ServerState,
): ServerInterceptor {
  return ({ path }, call) => {
    const endpoint = endpoints.get(path);
    if (endpoint) {
      const serving = new ServingCall(endpoint, server);
      const start = call.start.bind(call);
      const sendStatus = call.sendStatus.bind(call);
      call.sendStatus = (sent) => sendStatus(serving.finish(sent));
      call.start = (listener) =>
        start({
          onReceiveMetadata(metadata) {
            metadata.setOpaque(CALL_KEY, serving);
            serving.open(metadata);
            listener.onReceiveMetadata(metadata);
          },
          onReceiveMessage: (message) => listener.onReceiveMessage(message),
          onReceiveHalfClose: () => listener.onReceiveHalfClose(),
          onCancel() {
            serving.hangUp();
            listener.onCancel();
          },
        });
    }
    // grpc-js uses no more of what an interceptor returns than the interface that `call` has.
    return call as ServerInterceptingCall;
  };
}

function servingOf(metadata: Metadata): ServingCall {
  return metadata.getOpaque(CALL_KEY) as ServingCall;
}

function serveUnary({ encode }: Endpoint, handler: Unary<unknown, unknown>) {
  return (grpc: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => {
    const call = servingOf(grpc.metadata);
    call.onAbort = (reason) => respond(call.fail(reason));
    call.limit(grpc.getDeadline());
    call.run(async () => {
      try {
        const response = await handler(await call.admit(grpc.request), call);
        const bytes = Buffer.isBuffer(response) ? response : encode(response);
        if (call.ended) return;
        call.succeed();
        respond(null, bytes);
      } catch (thrown) {
        if (!call.ended) respond(call.fail(thrown));
      }
    });
  };
}

function serveStream({ encode }: Endpoint, handler: Streaming<unknown, unknown>) {
  return (grpc: ServerWritableStream<Buffer, Buffer>): void => {
    const call = servingOf(grpc.metadata);
    const stream = new ResponseStream(grpc, call);
    call.onAbort = (reason) => stream.fail(reason);
    call.limit(grpc.getDeadline());
    call.run(async () => {
      try {
        for await (const response of handler(await call.admit(grpc.request), call)) {
          if (stream.ended) return;
          await stream.write(Buffer.isBuffer(response) ? response : encode(response));
        }
        stream.end();
      } catch (thrown) {
        stream.fail(thrown);
      }
    });
  };
}
