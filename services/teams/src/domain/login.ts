/** What goes on from one refresh token to the next. */
export interface Login {
  readonly id: string;
  readonly userId: string;
  /** The ids of what it began with, and its own: tokens of it are revoked with any of them. */
  readonly credentialIds: readonly string[];
  readonly scopes: readonly string[];
  readonly expiresAt: Date;
}

/** A login that goes on, and its user as they are. */
export interface GoingOn {
  readonly login: Login;
  readonly admin: boolean;
  readonly version: number;
  /** What refresh tokens of the login are made with. */
  readonly secret: Uint8Array;
  /** Until when the newest refresh token is good. */
  readonly tokenExpiresAt: Date;
}

/** A refresh token that is shown, and where it stands in its login. */
export interface Shown {
  readonly generation: number;
  /** The newest generation of the login: it was not used. */
  readonly newest: number;
  readonly usedAt: Date | null;
  readonly expiresAt: Date;
  /** Whether the login, and all that it began with, is still good. */
  readonly isLive: boolean;
}

/**
 * What becomes of a refresh token that is shown: the next one is made, or was made a moment ago and
 * is given again, or it was stolen, or it is over.
 */
export type Fate = 'next' | 'again' | 'stolen' | 'over';

/** Logins of a user at most: with one more, the one that was not used for longest ends. */
export const MAX_LOGINS = 100;

/** A login that has ended because a refresh token of it was shown again: somebody has stolen it. */
export interface Reuse {
  readonly userId: string;
  readonly loginId: string;
}

/** What comes of a refresh token that is shown: the login goes on, or has ended, or had before. */
export type Refreshed =
  | { readonly kind: 'on'; readonly goingOn: GoingOn }
  | ({ readonly kind: 'stolen' } & Reuse)
  | { readonly kind: 'over' };

const LIFE_MS = 30 * 24 * 3_600_000;
const IDLE_MS = 24 * 3_600_000;
/** As revocations are kept: longer than any token is good. */
const TOKEN_MS = 2 * 3_600_000;
/** Callers that come together show the same token, and an answer may get lost. */
const GRACE_MS = 30_000;

/** Decides what becomes of a refresh token. */
export function fateOf(shown: Shown, now: Date): Fate {
  const { usedAt, isLive, generation, newest, expiresAt } = shown;
  if (!isLive) return 'over';
  if (!usedAt) return now.getTime() < expiresAt.getTime() ? 'next' : 'over';
  const isLate = now.getTime() - usedAt.getTime() > GRACE_MS;
  return isLate || generation !== newest - 1 ? 'stolen' : 'again';
}

/** When a login that begins now ends at the latest. */
export function loginEnd(now: Date): Date {
  return new Date(now.getTime() + LIFE_MS);
}

/** When a refresh token that is made now ends, unless it is used before. */
export function idleEnd({ expiresAt }: Pick<Login, 'expiresAt'>, now: Date): Date {
  return new Date(Math.min(now.getTime() + IDLE_MS, expiresAt.getTime()));
}

/** Tells whether a token of a login may be good still, by its newest refresh token, made with it. */
export function mayHaveToken(
  { expiresAt, tokenExpiresAt }: Pick<Login, 'expiresAt'> & Pick<GoingOn, 'tokenExpiresAt'>,
  now: Date,
): boolean {
  // That one ends with its login tells only that it was made within the last day.
  if (tokenExpiresAt.getTime() >= expiresAt.getTime()) return true;
  const madeAtMs = tokenExpiresAt.getTime() - IDLE_MS;
  return now.getTime() - madeAtMs <= TOKEN_MS;
}
