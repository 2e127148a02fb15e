import { refusalOf, type Verdict } from './verdict.js';

/** Why nothing may be signed with a grant, whatever it is. */
export type StopVerdict = Extract<
  Verdict,
  'revoked' | 'disabled' | 'not_yet_valid' | 'no_longer_valid' | 'expired' | 'used_up'
>;

/** A grant that may not be signed with now. */
interface Stopped {
  readonly keyId: string;
  readonly grantId: string;
  readonly verdict: StopVerdict;
  readonly revokeReason: string;
}

/** What whoever signs with the grant is told, and why it was revoked. */
export function stopOf({ verdict, revokeReason, keyId, grantId }: Stopped): {
  readonly reason: string;
  readonly message: string;
} {
  const asked = { keyId, grantId, requestId: '', operation: 'raw' } as const;
  const refusal = refusalOf({ verdict, retryAfterMs: undefined }, asked);
  if (!refusal) throw new Error(`no refusal: ${verdict}`);
  const { reason, message } = refusal;
  return { reason, message: revokeReason === '' ? message : `${message}: ${revokeReason}` };
}
