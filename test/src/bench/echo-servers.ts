import type { UntypedHandleCall } from '@grpc/grpc-js';
import {
  GetKeyResponse,
  KeyServiceService,
  SigningServiceService,
  type SignTransactionResponse,
} from '@ramet/proto-gen/keys.v1';
import type { Contract } from '@ramet/rpc';
import { type Authenticate, implement, type Logger, serve } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import { startBareServer } from './bare-server.js';

/** The calls of keys that are measured. */
const { signTransaction } = SigningServiceService;
const { getKey } = KeyServiceService;

const SIGNATURE_BYTES = 32;

/** Starts an echo of grpc-js alone, whose answers are as large as those of keys. */
export function startBareEcho(): Promise<string> {
  const answering =
    (answer: () => object): UntypedHandleCall =>
    (_call: unknown, respond: (error: null, response: object) => void) =>
      respond(null, answer());
  return startBareServer(
    { signTransaction, getKey },
    { signTransaction: answering(signed), getKey: answering(key) },
  );
}

/** What an echo through the pipeline needs of its surroundings. */
export interface EchoOptions {
  readonly contract: Contract;
  readonly authenticate: Authenticate;
  readonly logger: Logger;
}

/** Starts an echo through the pipeline of libs/rpc. */
export async function startPipelineEcho(options: EchoOptions): Promise<string> {
  const server = await serve({
    ...options,
    ...{ host: '127.0.0.1', port: 0, clock: systemClock },
    services: [
      implement({ signTransaction }, { signTransaction: async () => signed() }),
      implement({ getKey }, { getKey: async () => key() }),
    ],
  });
  return server.address;
}

function signed(): SignTransactionResponse {
  const signature = Buffer.alloc(SIGNATURE_BYTES, 0x62);
  return { signature, venue: undefined, evmTransaction: undefined, acceptTime: new Date() };
}

function key(): GetKeyResponse {
  const at = new Date();
  return GetKeyResponse.fromPartial({
    key: {
      id: 'key_00000000000000000000000000',
      owner: { owner: { $case: 'teamId', value: 'tem_00000000000000000000000000' } },
      name: 'bench-key',
      etag: '1',
      createTime: at,
      updateTime: at,
    },
  });
}
