import { denied, type ErrorCode, notFound, PublicError } from '@ramet/errors';
import type { SignTransactionRequest, SignTransactionResponse } from '@ramet/proto-gen/keys.v1';
import type { Call, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Grantee } from '../domain/grant.js';
import { signable } from '../domain/scheme.js';
import { payloadOf } from '../messages.js';
import { sign } from '../signing/sign.js';
import { required } from './caller.js';

type Needs = Pick<Deps, 'signingKeys' | 'acceptor' | 'payloadDigest' | 'denials'>;

/** The errors that say that the caller had no right to what it asked for. */
const DENIALS: ReadonlySet<ErrorCode> = new Set([
  'not_found',
  'failed_precondition',
  'permission_denied',
  'resource_exhausted',
  'already_exists',
]);

/** Signs one payload, after it was accepted into the log under the caller's live grant. */
export function signTransaction(
  needs: Needs,
): Unary<SignTransactionRequest, SignTransactionResponse> {
  return async (request, call) => {
    const { workload } = call.caller;
    if (!workload) throw denied('transactions.sign', 'only workloads sign');
    try {
      return await signFor(workload, request, call, needs);
    } catch (thrown) {
      if (thrown instanceof PublicError && DENIALS.has(thrown.code)) {
        const { cloneId, executionId } = workload;
        const { reason } = thrown;
        const { traceId } = call;
        needs.denials.note({ keyId: request.keyId, cloneId, executionId, reason, traceId });
      }
      throw thrown;
    }
  };
}

async function signFor(
  grantee: Grantee,
  { requestId, keyId, payload: message }: SignTransactionRequest,
  call: Call,
  { signingKeys, acceptor, payloadDigest }: Needs,
): Promise<SignTransactionResponse> {
  const key = signingKeys.peek(grantee, keyId) ?? (await signingKeys.find(grantee, keyId));
  if (!key) throw notFound('key', keyId);
  const payload = required(payloadOf(message), 'payload');
  const { scheme, operation, draft } = signable(payload, key);

  const accepted = await acceptor.accept({
    ...{ keyId, grantId: key.grantId, requestId, operation, scheme },
    digest: payloadDigest(scheme, payload),
    traceId: call.traceId,
    afterEnd: (callback) => call.afterEnd(callback),
  });
  const { bytes, finish } = draft(accepted.acceptedAt);
  const signature = await sign(key.algorithm, key.secret, bytes);
  accepted.requireCurrent();
  return { signature, venue: finish(signature), acceptTime: accepted.acceptedAt };
}
