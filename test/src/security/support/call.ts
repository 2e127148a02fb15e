import { type FileRegistry, fromBinary, toJson } from '@bufbuild/protobuf';
import { type AnySchema, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Registry, Rpc } from './contract.js';
import type { Ways } from './ways.js';

/** What came back of a call, as it was on the wire. */
export interface Answer {
  /** The name of the status, such as `NOT_FOUND`. */
  readonly code: string;
  /** The reason in ErrorInfo. Empty for OK. */
  readonly reason: string;
  readonly message: string;
  /** The response, or the first of a stream. Empty if there was none. */
  readonly response: Uint8Array;
  /** The details of the status, as JSON by the name of their type. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly trailers: readonly string[];
  /** The fields in BadRequest. */
  readonly fields: readonly string[];
  /** How many bytes the details had. */
  readonly detailBytes: number;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Makes calls with bytes of any kind. */
export interface Caller extends Disposable {
  call(address: string, rpc: Rpc, request: Uint8Array, options?: CallOptions): Promise<Answer>;
}

const TIMEOUT_MS = 10_000;
const DETAILS = 'grpc-status-details-bin';
const bytesOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const asIs = (bytes: Buffer): Uint8Array => bytes;

/** Opens a caller, which goes the way of whoever it calls for, and keeps its connections. */
export function openCaller({ files }: Registry, ways: Ways): Caller {
  const clients = new Map<string, Client>();
  const clientOf = (called: string, token: string | undefined): Client => {
    const { name, open } = ways(called, token);
    const known = clients.get(name);
    if (known) return known;
    const { address, credentials, options } = open();
    const client = new Client(address, credentials, {
      ...options,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    clients.set(name, client);
    return client;
  };
  return {
    async call(address, rpc, request, options = {}) {
      const { error, response } = await send(
        clientOf(address, options.token),
        rpc,
        request,
        options,
      );
      return answerOf(files, error, response);
    },
    [Symbol.dispose]() {
      for (const client of clients.values()) client.close();
    },
  };
}

interface Sent {
  readonly error: ServiceError | undefined;
  readonly response: Uint8Array;
}

function send(client: Client, rpc: Rpc, request: Uint8Array, options: CallOptions): Promise<Sent> {
  const path = `/${rpc.name}`;
  const deadline = Date.now() + (options.timeoutMs ?? TIMEOUT_MS);
  const metadata = metadataOf(options);
  if (rpc.method.methodKind === 'unary') {
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        path,
        bytesOf,
        asIs,
        request,
        metadata,
        { deadline },
        (error, bytes) =>
          resolve({ error: error ?? undefined, response: bytes ?? new Uint8Array() }),
      );
    });
  }
  if (rpc.method.methodKind === 'client_streaming') {
    return new Promise((resolve) => {
      const stream = client.makeClientStreamRequest(
        path,
        bytesOf,
        asIs,
        metadata,
        { deadline },
        (error, bytes) =>
          resolve({ error: error ?? undefined, response: bytes ?? new Uint8Array() }),
      );
      stream.on('error', () => undefined);
      stream.end(request);
    });
  }
  return new Promise((resolve) => {
    const none = new Uint8Array();
    const stream = client.makeServerStreamRequest(path, bytesOf, asIs, request, metadata, {
      deadline,
    });
    stream.once('data', (response: Uint8Array) => {
      resolve({ error: undefined, response });
      stream.cancel();
    });
    stream.on('error', (error) => resolve({ error: error as ServiceError, response: none }));
    stream.on('end', () => resolve({ error: undefined, response: none }));
  });
}

function metadataOf({ token, metadata = {} }: CallOptions): Metadata {
  const sent = new Metadata();
  if (token !== undefined) sent.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  return sent;
}

function answerOf(
  files: FileRegistry,
  error: ServiceError | undefined,
  response: Uint8Array,
): Answer {
  if (!error) {
    const nothing = {
      reason: '',
      message: '',
      details: {},
      trailers: [],
      fields: [],
      detailBytes: 0,
    };
    return { code: 'OK', response, ...nothing };
  }
  const details = detailsOf(files, error);
  const info = details['google.rpc.ErrorInfo'] as { reason?: string } | undefined;
  const bad = details['google.rpc.BadRequest'] as BadRequest | undefined;
  return {
    code: status[error.code] ?? String(error.code),
    reason: info?.reason ?? '',
    message: error.details,
    response,
    details,
    trailers: Object.keys(error.metadata.getMap()),
    detailBytes: error.metadata.get(DETAILS)[0]?.length ?? 0,
    fields: (bad?.fieldViolations ?? []).map(({ field }) => field ?? ''),
  };
}

interface BadRequest {
  readonly fieldViolations?: readonly { readonly field?: string }[];
}

function detailsOf(files: FileRegistry, { metadata }: ServiceError): Record<string, unknown> {
  const [bytes] = metadata.get(DETAILS);
  const schema = files.getMessage('google.rpc.Status');
  if (!(bytes instanceof Buffer) || !schema) return {};
  const { details } = fromBinary(schema, bytes) as unknown as { details: AnyMessage[] };
  const entries = details.map((packed) => {
    const message = anyUnpack(packed, files);
    const type = message && files.getMessage(message.$typeName);
    if (!message || !type) throw new Error(`an unknown detail: ${packed.typeUrl}`);
    return [message.$typeName, toJson(type, message, { registry: files })];
  });
  return Object.fromEntries(entries);
}

type AnyMessage = ReturnType<typeof fromBinary<typeof AnySchema>>;
