import type { Clone } from './clone.js';
import { withCondition, withoutCondition } from './conditions.js';

/** Why an execution may not sign any more, in the words of keys. */
const SIGNING_STOPS: readonly string[] = [
  'GRANT_REVOKED',
  'GRANT_EXPIRED',
  'GRANT_USED_UP',
  'KEY_DISABLED',
  'KEY_NOT_YET_VALID',
  'KEY_EXPIRED',
];

/** The condition of a clone whose execution may sign, and not for long any more. */
export const SIGNING_ENDS = 'GRANT_ENDING';

/** All conditions that say whether an execution may sign. */
export const OF_SIGNING: readonly string[] = [...SIGNING_STOPS, SIGNING_ENDS];

/** What keys says of an execution that may not sign, or not for long any more. */
export interface SigningNews {
  readonly executionId: string;
  /** The type of the condition. */
  readonly reason: string;
  readonly message: string;
  /** When its grant ends, where that is what is said. */
  readonly endsAt?: Date;
}

/** When an execution ends by itself at the latest, and what is told of its clone. */
export interface Signing {
  readonly overAt: Date | undefined;
  readonly conditions: readonly string[];
}

/** What is told of a clone: not that a grant ends soon which its execution does not outlive. */
export function toldOf(
  { overAt }: Pick<Signing, 'overAt'>,
  news: SigningNews | undefined,
): SigningNews | undefined {
  const isOutlived = news?.endsAt && overAt && overAt <= news.endsAt;
  return isOutlived ? undefined : news;
}

/** When what a clone runs ends by itself at the latest. */
export function overAt({ deadlineAt, expireAt }: Clone): Date | undefined {
  if (!deadlineAt || !expireAt) return deadlineAt ?? expireAt;
  return deadlineAt < expireAt ? deadlineAt : expireAt;
}

/** The clone with what is told of its right to sign, or without it where there is nothing to tell. */
export function withSigning(clone: Clone, news: SigningNews | undefined, now: Date): Clone {
  const others = OF_SIGNING.filter((type) => type !== news?.reason);
  const next = withoutCondition(clone, ...others);
  return news ? withCondition(next, news.reason, news.message, now) : next;
}

/** Tells whether the conditions of a clone say something else. */
export function isSigningNews(types: readonly string[], news: SigningNews | undefined): boolean {
  const told = types.filter((type) => OF_SIGNING.includes(type));
  return told.length > 1 || told[0] !== news?.reason;
}
