import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  GetKeyRequest,
  KeyServiceService,
  SigningServiceService,
  type SignTransactionRequest,
} from '@ramet/proto-gen/keys.v1';

/** One caller: its token, and the key that its calls are about. */
export interface BenchCaller {
  readonly token: string;
  readonly keyId: string;
}

/** What is called: SignTransaction with a new request id each time, or GetKey. */
export type CallKind = 'sign' | 'getKey';

/** Makes one call. Gives what went wrong, if anything did. */
export type OneCall = () => Promise<ServiceError | undefined>;

const DEADLINE_MS = 10_000;

const clients = new Map<string, Client>();
let requests = 0;

/** What to call, and with what. */
export interface CallOrder {
  readonly kind: CallKind;
  readonly address: string;
  readonly payloadBytes: number;
}

/** Prepares the calls of one caller. All of an address share a connection. */
export function callsOf({ kind, address, payloadBytes }: CallOrder, caller: BenchCaller): OneCall {
  const client = clients.get(address) ?? new Client(address, credentials.createInsecure());
  clients.set(address, client);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${caller.token}`);
  if (kind === 'getKey') {
    const { getKey } = KeyServiceService;
    const request = GetKeyRequest.fromPartial({ id: caller.keyId });
    return () => callOnce(client, getKey, metadata, request);
  }
  const { signTransaction } = SigningServiceService;
  const raw = Buffer.alloc(payloadBytes, 0x61);
  return () => {
    requests += 1;
    const request: SignTransactionRequest = {
      requestId: `bench-${process.pid}-${requests}`,
      keyId: caller.keyId,
      payload: { $case: 'raw', value: raw },
    };
    return callOnce(client, signTransaction, metadata, request);
  };
}

interface Callable<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

function callOnce<Request, Response>(
  client: Client,
  { path, requestSerialize, responseDeserialize }: Callable<Request, Response>,
  metadata: Metadata,
  request: Request,
): Promise<ServiceError | undefined> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + DEADLINE_MS },
      (error) => resolve(error ?? undefined),
    );
  });
}
