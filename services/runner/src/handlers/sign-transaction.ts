import { conflict } from '@ramet/errors';
import type { SignTransactionRequest, SignTransactionResponse } from '@ramet/proto-gen/runner.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'config' | 'mesh' | 'ids' | 'failpoints'>;

/** Signs with the clone's key, which neither the workload nor this process ever sees. */
export function signTransaction({
  config: { cloneId, keyId },
  mesh,
  ids,
  failpoints,
}: Needs): Unary<SignTransactionRequest, SignTransactionResponse> {
  return async ({ requestId, payload }) => {
    if (keyId === '' || !mesh) {
      throw conflict('NO_KEY', { kind: 'clone', id: cloneId }, 'the clone was given no key');
    }
    const id = requestId === '' ? ids.make('sig') : requestId;
    const { acceptTime: _, ...signed } = await mesh.sign({ requestId: id, keyId, payload });
    failpoints.hit('runner.signature.received');
    return signed;
  };
}
