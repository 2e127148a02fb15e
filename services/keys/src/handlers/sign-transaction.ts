import { denied } from '@ramet/errors';
import type { SignTransactionRequest, SignTransactionResponse } from '@ramet/proto-gen/keys.v1';
import type { Call, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Grantee } from '../domain/grant.js';
import { requireWithin } from '../domain/limits.js';
import { requireGranted, signable } from '../domain/signable.js';
import { payloadOf, toSignedMessage } from '../payload-messages.js';
import { sign } from '../signing/sign.js';
import type { SigningKey } from '../signing/signing-keys.js';
import { required } from './caller.js';
import { noteDenial, refuseUngranted } from './sign-denials.js';

type Needs = Pick<
  Deps,
  'signingKeys' | 'acceptor' | 'payloadDigest' | 'denials' | 'vault' | 'chargeOwner'
>;

/** Each but the first one is for a rotation that came between. */
const MOST_ATTEMPTS = 5;

/** Signs one payload, after it was accepted into the log under the caller's live grant. */
export function signTransaction(
  needs: Needs,
): Unary<SignTransactionRequest, SignTransactionResponse> {
  return async (request, call) => {
    const { keyId } = request;
    const signed = await signLatest(request, call, needs).catch(async (thrown: unknown) => {
      await noteDenial(thrown, { keyId, isGranted: true }, call, needs);
      throw thrown;
    });
    return signed === 'ungranted' ? refuseUngranted(keyId, call, needs) : signed;
  };
}

/**
 * Signs with the version of the key that signs at this moment, whichever was open here before, unless
 * the caller never had a grant for it.
 */
async function signLatest(
  request: SignTransactionRequest,
  call: Call,
  needs: Needs,
): Promise<SignTransactionResponse | 'ungranted'> {
  const { signingKeys, chargeOwner } = needs;
  const { keyId } = request;
  const workload = workloadOf(call);
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const key = signingKeys.peek(workload, keyId) ?? (await signingKeys.find(workload, keyId));
    if (!key) return 'ungranted';
    if (attempt === 1) chargeOwner(key.ownerId);
    const signed = await signWith(key, request, call, needs);
    if (signed !== 'outdated') return signed;
    if (signingKeys.peek(workload, keyId) === key) signingKeys.drop(keyId);
  }
  throw new Error(`${keyId} is rotated faster than it signs`);
}

/** Signs with the version of a key that is open here, unless another one signs by now. */
async function signWith(
  key: SigningKey,
  { requestId, keyId, ...request }: SignTransactionRequest,
  call: Call,
  { acceptor, payloadDigest, vault }: Needs,
): Promise<SignTransactionResponse | 'outdated'> {
  const payload = required(payloadOf(request.payload), 'payload');
  requireGranted(payload, key);
  const { scheme, operation, facts, needsNonce, draft } = signable(payload, key);
  requireWithin(key.rules, facts, key.grantId);

  const { grantId, version } = key;
  const accepted = await acceptor.accept({
    ...{ keyId, grantId, version, requestId, operation, scheme, traceId: call.traceId },
    digest: payloadDigest(scheme, payload),
    wantsNonce: needsNonce,
    afterEnd: (callback) => call.afterEnd(callback),
  });
  if (accepted === 'outdated') return accepted;
  const { acceptedAt, nonce } = accepted;
  const { toSign, finish } = draft({ at: acceptedAt, nonce });
  const signed = sign(key.algorithm, key.opened, toSign);
  const signature = signed instanceof Promise ? await signed : signed;
  vault.requireOpen();
  accepted.requireCurrent();
  return toSignedMessage(finish(signature), acceptedAt);
}

function workloadOf({ caller }: Call): Grantee {
  if (!caller.workload) throw denied('transactions.sign', 'only workloads sign');
  return caller.workload;
}
