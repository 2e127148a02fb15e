import type { RetireLogKeyRequest, RetireLogKeyResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toLogKeyMessage } from '../log-messages.js';

/** Retires a key of heads. */
export function retireLogKey({
  logs,
}: Pick<Deps, 'logs'>): Unary<RetireLogKeyRequest, RetireLogKeyResponse> {
  return async ({ verifier }) => ({ key: toLogKeyMessage(await logs.retire(verifier)) });
}
