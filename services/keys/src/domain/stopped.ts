import { refusalOf, type Verdict } from './verdict.js';

/** Why nothing may be signed with a grant, whatever it is. */
export type StopVerdict = Extract<
  Verdict,
  'revoked' | 'disabled' | 'not_yet_valid' | 'no_longer_valid' | 'expired' | 'used_up'
>;

/** A grant that may not be signed with now. */
export interface Stopped {
  readonly keyId: string;
  readonly grantId: string;
  readonly verdict: StopVerdict;
  readonly revokeReason: string;
  /** Since when or until when that is so. Null: there is no such time. */
  readonly at: Date | null;
  /** Who did that. Null: nobody, or nobody knows. */
  readonly by: string | null;
}

/** What whoever signs with the grant is told, about which grant or key, since when, by whom and why. */
export function stopOf(stopped: Stopped): { readonly reason: string; readonly message: string } {
  const { verdict, revokeReason, keyId, grantId } = stopped;
  const asked = { keyId, grantId, requestId: '', operation: 'raw' } as const;
  const refusal = refusalOf({ verdict, retryAfterMs: undefined }, asked);
  if (!refusal) throw new Error(`no refusal: ${verdict}`);
  const message = `${refusal.message} (${detailsOf(stopped).join(', ')})`;
  return {
    reason: refusal.reason,
    message: revokeReason === '' ? message : `${message}: ${revokeReason}`,
  };
}

const OF_THE_KEY: readonly StopVerdict[] = ['disabled', 'not_yet_valid', 'no_longer_valid'];

function detailsOf({ verdict, keyId, grantId, at, by }: Stopped): readonly string[] {
  const subject = OF_THE_KEY.includes(verdict) ? keyId : grantId;
  const word = verdict === 'not_yet_valid' ? 'until' : 'since';
  return [subject, ...(at ? [`${word} ${at.toISOString()}`] : []), ...(by ? [`by ${by}`] : [])];
}
