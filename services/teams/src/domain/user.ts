import { conflict } from '@ramet/errors';
import { requireName } from './name.js';

/** A person who uses the mesh, or a service account. */
export interface User {
  readonly id: string;
  readonly name: string;
  /** Whether the user administers the mesh. */
  readonly admin: boolean;
  /** The team that a service account belongs to. Null: a person. */
  readonly teamId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Since when nothing that proves who they are is accepted. Null: it is. */
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
  /** When the service account was deleted. */
  readonly deletedAt: Date | null;
  readonly revision: number;
}

/** What becomes of a user, and the name of what happened. */
export interface UserChange {
  readonly event: 'disabled' | 'enabled' | 'deleted';
  readonly user: User;
}

/** Makes a decision about a user at a time. Undefined: nothing changes. */
export type DecideUser = (user: User, now: Date) => UserChange | undefined;

/** A user as they are when they have just been created. Throws REQUEST_INVALID for a bad name. */
export function newUser(
  wish: Pick<User, 'id' | 'name' | 'admin'> & { readonly teamId?: string },
  at: Date,
): User {
  requireName(wish.name);
  const never = { disabledAt: null, disabledReason: null, deletedAt: null };
  return { teamId: null, ...wish, ...never, createdAt: at, updatedAt: at, revision: 1 };
}

/** Disables a user for a reason. */
export function disable(reason: string): DecideUser {
  return (user, now) =>
    user.disabledAt || user.deletedAt
      ? undefined
      : changed('disabled', user, now, { disabledAt: now, disabledReason: reason });
}

/** Enables a user who is disabled. */
export const enable: DecideUser = (user, now) =>
  user.disabledAt && !user.deletedAt
    ? changed('enabled', user, now, { disabledAt: null, disabledReason: null })
    : undefined;

/** Deletes a service account. */
export const remove: DecideUser = (user, now) =>
  user.deletedAt ? undefined : changed('deleted', user, now, { deletedAt: now });

/** Throws LAST_ADMIN if this user is the only administrator who is not disabled. */
export function requireOtherAdmin(user: User, activeAdminIds: readonly string[]): void {
  if (!user.admin || activeAdminIds.some((id) => id !== user.id)) return;
  const message = 'the mesh always has an administrator';
  throw conflict('LAST_ADMIN', { kind: 'user', id: user.id }, message);
}

function changed(
  event: UserChange['event'],
  user: User,
  updatedAt: Date,
  change: Partial<User>,
): UserChange {
  return { event, user: { ...user, ...change, updatedAt, revision: user.revision + 1 } };
}
