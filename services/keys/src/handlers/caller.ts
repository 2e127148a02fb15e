import { denied, invalid, notFound } from '@ramet/errors';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { type Asker, mayUse } from '../domain/access.js';
import type { Key } from '../domain/key.js';
import type { Owner } from '../domain/owner.js';

/** Who changes something, as history names them. */
export function actorOf({ kind, id }: Caller): string {
  return `${kind}:${id}`;
}

/** The user who asks, or for whom a service asks, with their roles. */
export async function askerOf(caller: Caller, teams: Deps['teams']): Promise<Asker> {
  const userId = userIdOf(caller);
  return { userId, roles: await teams.rolesOf(userId) };
}

/** The user who asks, with their roles as far as they matter for an owner's things. */
export async function askerFor(caller: Caller, owner: Owner, teams: Deps['teams']): Promise<Asker> {
  if (owner.kind === 'team') return askerOf(caller, teams);
  return { userId: userIdOf(caller), roles: new Map() };
}

/** Throws KEY_NOT_FOUND unless the caller may see and manage the key. */
export async function requireKey(
  caller: Caller,
  key: Key | undefined,
  keyId: string,
  teams: Deps['teams'],
): Promise<Key> {
  if (!(await mayManage(caller, key, teams)) || !key) throw notFound('key', keyId);
  return key;
}

/**
 * Tells whether the caller may see and manage a key.
 *
 * Teams is asked also about a key that is missing or another user's: neither the time that it takes
 * nor teams being away tells it from one of a team that the caller is not in.
 */
export async function mayManage(
  caller: Caller,
  key: Key | undefined,
  teams: Deps['teams'],
): Promise<boolean> {
  const self: Asker = { userId: userIdOf(caller), roles: new Map() };
  if (key && mayUse(self, key.owner)) return true;
  const asker = await askerOf(caller, teams);
  return key !== undefined && mayUse(asker, key.owner);
}

/** A field that the contract requires. Throws REQUEST_INVALID if it is missing all the same. */
export function required<Value>(value: Value | undefined, field: string): Value {
  if (value === undefined) throw invalid({ field, description: 'is required' });
  return value;
}

function userIdOf({ kind, id, onBehalfOf }: Caller): string {
  if (kind === 'user') return id;
  if (onBehalfOf === undefined) {
    throw denied('keys.act_for', 'a service must say on whose behalf it asks');
  }
  return onBehalfOf;
}
