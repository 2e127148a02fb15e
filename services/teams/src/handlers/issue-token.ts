import type { Call } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Identity, SignedToken } from '../domain/identity.js';

/** Whoever shows a credential in the request itself. */
type Exchanging = Exclude<Identity, { readonly kind: 'workload' }>;

/** Signs a token for what a credential has proven, and tells the audit of the call which one. */
export async function issueToken(
  { tokens }: Pick<Deps, 'tokens'>,
  call: Call,
  { identity, maxSeconds }: { readonly identity: Exchanging; readonly maxSeconds?: number },
): Promise<SignedToken> {
  const signed = await tokens.sign(identity, maxSeconds);
  const id = identity.kind === 'service' ? identity.name : identity.id;
  call.proved({ kind: identity.kind, id, tokenId: signed.id });
  return signed;
}
