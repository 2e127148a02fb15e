import { type ErrorCode, notFound, PublicError } from '@ramet/errors';
import type { SignTransactionRequest } from '@ramet/proto-gen/keys.v1';
import type { Call } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'signingKeys' | 'denials'>;

/** The errors of a request to sign that was refused for what it is, and not for what is broken here. */
const DENIALS: ReadonlySet<ErrorCode> = new Set([
  'invalid_argument',
  'not_found',
  'failed_precondition',
  'permission_denied',
  'resource_exhausted',
  'already_exists',
]);

const KEY_ID = /^key_[0-9a-z]{26}$/;

/** A key that somebody asks a signature of, and whether they have or had a grant for it. */
interface AskedKey {
  readonly keyId: string;
  readonly isGranted: boolean;
}

/** Records a refusal before its caller has it. Throws instead of it if that cannot be done. */
export async function noteDenial(
  thrown: unknown,
  { keyId, isGranted }: AskedKey,
  { caller, traceId }: Call,
  { denials }: Pick<Needs, 'denials'>,
): Promise<void> {
  if (!(thrown instanceof PublicError && isDenial(thrown))) return;
  const { cloneId = '', executionId = '' } = caller.workload ?? {};
  const { reason } = thrown;
  await denials.note({ keyId, cloneId, executionId, isGranted, reason, traceId });
}

/** Refuses a key that the caller has no grant for. As it has no owner here, its clone is charged. */
export async function refuseUngranted(
  keyId: string,
  call: Call,
  needs: Pick<Deps, 'chargeOwner' | 'denials'>,
): Promise<never> {
  try {
    needs.chargeOwner(call.caller.workload?.cloneId ?? '');
    throw notFound('key', keyId);
  } catch (thrown) {
    await noteDenial(thrown, { keyId, isGranted: false }, call, needs);
    throw thrown;
  }
}

/**
 * Records the refusal of a request that breaks a bound of the contract, if it names a key that its
 * caller has or had a grant for. Else it is nothing to the owner of a key.
 */
export function noteInvalid(needs: Needs) {
  return async (
    thrown: unknown,
    { keyId }: Partial<SignTransactionRequest>,
    call: Call,
  ): Promise<void> => {
    const isNamed = keyId !== undefined && KEY_ID.test(keyId);
    if (isNamed && (await hasGrant(keyId, call, needs))) {
      await noteDenial(thrown, { keyId, isGranted: true }, call, needs);
    }
  };
}

async function hasGrant(keyId: string, { caller }: Call, { signingKeys }: Needs): Promise<boolean> {
  if (!caller.workload) return false;
  try {
    return (await signingKeys.find(caller.workload, keyId)) !== undefined;
  } catch (thrown) {
    // The grant is looked for before the secret is opened.
    if (isSealed(thrown)) return true;
    throw thrown;
  }
}

function isDenial(thrown: PublicError): boolean {
  return DENIALS.has(thrown.code) || isSealed(thrown);
}

function isSealed(thrown: unknown): boolean {
  return thrown instanceof PublicError && thrown.reason === 'SEALED';
}
