import type { Clone } from './clone.js';
import { withCondition, withoutCondition } from './conditions.js';

/** Why an execution may not sign any more, in the words of keys. Each is a condition of the clone. */
export const SIGNING_STOPS: readonly string[] = [
  'GRANT_REVOKED',
  'GRANT_EXPIRED',
  'GRANT_USED_UP',
  'KEY_DISABLED',
  'KEY_NOT_YET_VALID',
  'KEY_EXPIRED',
];

/** What keys says of an execution that may not sign. */
export interface SigningStop {
  readonly executionId: string;
  readonly reason: string;
  readonly message: string;
}

/** The clone with why its execution may not sign, or without it where it may. */
export function withSigning(clone: Clone, stop: SigningStop | undefined, now: Date): Clone {
  const others = SIGNING_STOPS.filter((type) => type !== stop?.reason);
  const next = withoutCondition(clone, ...others);
  return stop ? withCondition(next, stop.reason, stop.message, now) : next;
}

/** Tells whether the conditions of a clone say something else. */
export function isSigningNews(types: readonly string[], stop: SigningStop | undefined): boolean {
  const told = types.filter((type) => SIGNING_STOPS.includes(type));
  return told.length > 1 || told[0] !== stop?.reason;
}
