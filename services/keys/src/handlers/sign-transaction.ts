import { denied, type ErrorCode, notFound, PublicError } from '@ramet/errors';
import type { SignTransactionRequest, SignTransactionResponse } from '@ramet/proto-gen/keys.v1';
import type { Call, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Grantee } from '../domain/grant.js';
import { requireWithin } from '../domain/limits.js';
import { requireGranted, signable } from '../domain/signable.js';
import { payloadOf, toSignedMessage } from '../payload-messages.js';
import { sign } from '../signing/sign.js';
import { required } from './caller.js';

type Needs = Pick<
  Deps,
  'signingKeys' | 'acceptor' | 'payloadDigest' | 'denials' | 'vault' | 'chargeOwner'
>;

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
  const { signingKeys, acceptor, payloadDigest, vault, chargeOwner } = needs;
  return async (request, call) => {
    const { requestId, keyId } = request;
    try {
      const workload = workloadOf(call);
      const key = signingKeys.peek(workload, keyId) ?? (await signingKeys.find(workload, keyId));
      if (!key) throw notFound('key', keyId);
      chargeOwner(key.ownerId);
      const payload = required(payloadOf(request.payload), 'payload');
      requireGranted(payload, key);
      const { scheme, operation, facts, needsNonce, draft } = signable(payload, key);
      requireWithin(key.rules, facts, key.grantId);

      const accepted = await acceptor.accept({
        ...{ keyId, grantId: key.grantId, requestId, operation, scheme, traceId: call.traceId },
        digest: payloadDigest(scheme, payload),
        wantsNonce: needsNonce,
        afterEnd: (callback) => call.afterEnd(callback),
      });
      const { acceptedAt, nonce } = accepted;
      const { toSign, finish } = draft({ at: acceptedAt, nonce });
      const signed = sign(key.algorithm, key.opened, toSign);
      const signature = signed instanceof Promise ? await signed : signed;
      vault.requireOpen();
      accepted.requireCurrent();
      return toSignedMessage(finish(signature), acceptedAt);
    } catch (thrown) {
      await noteDenial(thrown, keyId, call, needs);
      throw thrown;
    }
  };
}

function workloadOf({ caller }: Call): Grantee {
  if (!caller.workload) throw denied('transactions.sign', 'only workloads sign');
  return caller.workload;
}

/** Records a refusal before its caller has it. Throws instead of it if that cannot be done. */
async function noteDenial(
  thrown: unknown,
  keyId: string,
  call: Call,
  { denials }: Needs,
): Promise<void> {
  if (!(thrown instanceof PublicError && DENIALS.has(thrown.code))) return;
  const { caller, traceId } = call;
  const { cloneId = '', executionId = '' } = caller.workload ?? {};
  await denials.note({ keyId, cloneId, executionId, reason: thrown.reason, traceId });
}
