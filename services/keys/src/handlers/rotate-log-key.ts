import type { RotateLogKeyRequest, RotateLogKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toLogKeyMessage } from '../log-messages.js';

type Needs = Pick<Deps, 'logs' | 'headSigner'>;

/** Makes a new key for heads, unless there is a newer one than the caller knows. */
export function rotateLogKey({
  logs,
  headSigner,
}: Needs): Unary<RotateLogKeyRequest, RotateLogKeyResponse> {
  return async ({ newest: known }) => {
    const newest = (await logs.listKeys()).at(-1);
    if (!newest || newest.verifier === known) await headSigner.make((newest?.generation ?? 0) + 1);
    const key = (await logs.listKeys()).at(-1);
    if (!key) throw new Error('a key was made and is not there');
    return { key: toLogKeyMessage(key) };
  };
}
