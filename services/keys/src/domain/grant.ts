import { conflict, denied, invalid, notFound, PublicError } from '@ramet/errors';
import type { Role } from './access.js';
import { creatorOf, mayHaveRun, teamOf } from './creator.js';
import type { Key } from './key.js';
import type { Rules } from './limits.js';
import { structuredOperationsOf } from './operations.js';
import { type Owner, sameOwner } from './owner.js';

/** What can be signed. */
export type Operation =
  | 'raw'
  | 'venue'
  | 'prehashed'
  | 'evm_transaction'
  | 'evm_message'
  | 'evm_typed_data'
  | 'solana_message';

/** Which execution of which clone a grant is for. */
export interface Grantee {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}

/** What may be signed under a grant, and how often. Undefined where nothing limits it. */
export interface Limits {
  /** Empty: all that the key can do but what no limit can tell apart. */
  readonly operations: readonly Operation[];
  readonly maxUses: bigint | undefined;
  /** When the grant ends by itself. Undefined: after a while of ours. */
  readonly expiresAt: Date | undefined;
  readonly rate: Rate | undefined;
  readonly rules: Rules;
}

/** How many signatures a second, and how many at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** The right of one execution of a clone to sign with the key that the clone holds. */
export interface Grant extends Grantee, Limits {
  readonly expiresAt: Date;
  /** Until when it lives without being renewed. */
  readonly leaseUntil: Date;
  readonly id: string;
  readonly keyId: string;
  /** How many signatures were accepted, where the limits count them. */
  readonly uses: bigint;
  readonly createdAt: Date;
  readonly revokedAt: Date | undefined;
  readonly revokeReason: string;
}

/** An execution, and the only epoch of its clone that it belongs to. */
export type GrantedExecution = Pick<Grantee, 'executionId' | 'epoch'>;

/** What lifecycle says of a clone. */
export interface Clone {
  readonly id: string;
  readonly owner: Owner;
  readonly creatorId: string;
  /** The team that its bot belongs to. Empty: it has no bot. */
  readonly teamId: string;
  readonly keyId: string;
  readonly epoch: number;
  /** Whether it is on its way to running, or runs: its end has not begun. */
  readonly active: boolean;
}

/** Throws unless the clone is at this epoch and may still need a key. */
export function requireCurrent(clone: Clone, { epoch }: Grantee): void {
  if (clone.epoch > epoch || !clone.active) throw epochStale(clone.id);
}

/**
 * Throws unless the creator of a clone may have it run for its owner.
 *
 * A personal clone is owned by its creator, who is still in the bot's team, if there is a bot; a team
 * clone by the bot's team, if there is one, and its creator is still OWNER or ADMIN there.
 */
export function requireCreator(clone: Clone, role: Role | undefined): void {
  const { owner, creatorId } = clone;
  const isOwn = owner.id === (owner.kind === 'user' ? creatorId : teamOf(clone));
  if (!isOwn || !mayHaveRun(creatorOf(clone), role))
    throw denied('keys.authorize_clone', 'the creator of the clone may not run it');
}

/**
 * Throws KEY_NOT_FOUND unless the clone may use the key: a personal clone that of its creator, a
 * team clone also that of the team. It must be the one that the clone was created with.
 */
export function requireUsable(key: Key | undefined, keyId: string, clone: Clone): void {
  const creator: Owner = { kind: 'user', id: clone.creatorId };
  const usable =
    key !== undefined &&
    key.deletedAt === undefined &&
    key.id === clone.keyId &&
    (sameOwner(key.owner, creator) || sameOwner(key.owner, clone.owner));
  if (!usable) throw notFound('key', keyId);
}

/** Throws unless the creator of a clone is a user who is not disabled. */
export function requireActive({ creatorId }: Clone, isActive: boolean): void {
  if (!isActive)
    throw denied('keys.authorize_clone', `nothing is done in the name of ${creatorId}`);
}

/** What an authorization comes to: the grant that is there already, or those it replaces. */
export type Decision =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'new'; readonly superseded: readonly Grant[] };

/**
 * Decides on a grant, given all that this clone has had of the key.
 *
 * Throws EPOCH_STALE for an older epoch, and for a grant that was revoked: it stays so.
 */
export function decide(grants: readonly Grant[], asked: Grantee): Decision {
  const same = grants.find((grant) => isFor(grant, asked));
  if (same && !same.revokedAt) return { kind: 'granted', grant: same };
  if (grants.some(({ epoch }) => epoch >= asked.epoch)) throw epochStale(asked.cloneId);
  return { kind: 'new', superseded: grants.filter(({ revokedAt }) => !revokedAt) };
}

/**
 * The operations of a new grant: those asked for, or all that the key can do but raw and prehashed.
 *
 * Throws OPERATION_NOT_GRANTED if there are none.
 */
export function operationsOf(limits: Limits, key: Key): readonly Operation[] {
  if (limits.operations.length > 0) return [...new Set(limits.operations)].sort();
  const operations = structuredOperationsOf(key);
  if (operations.length > 0) return operations;
  const message = 'the key signs raw bytes alone, and the limits of the clone do not allow that';
  throw new PublicError('permission_denied', 'OPERATION_NOT_GRANTED', message, {
    metadata: { key_id: key.id, operation: 'raw' },
  });
}

/**
 * Throws WITHDRAWALS_DENIED unless the creator of a clone may allow withdrawals with a key: one of
 * their own, or of a team where they are OWNER. Raw bytes and digests for a venue may be those, too.
 */
export function requireWithdrawals(
  { rules, operations }: Limits,
  key: Key,
  role: Role | undefined,
): void {
  if (key.owner.kind === 'user' || role === 'owner') return;
  // Nobody can tell what a digest is of, or bytes that somebody has encoded in their own way.
  const isUntold = operations.includes('raw') || operations.includes('prehashed');
  if (!rules.venue?.allowWithdrawals && !(isUntold && key.venue !== '')) return;
  const message = 'only an OWNER of the team may allow withdrawals with its key';
  throw new PublicError('permission_denied', 'WITHDRAWALS_DENIED', message, {
    metadata: { key_id: key.id },
  });
}

/** How long a grant lives without being renewed. */
export const LEASE_MS = 10 * 60_000;

const DAY_MS = 24 * 3_600_000;
const DEFAULT_DAYS = 30;

/** How far away the end of a grant may be. */
export const MAX_DAYS = 366;

/**
 * When a new grant ends by itself: at the time asked for, else after 30 days.
 *
 * Throws GRANT_EXPIRED if that time is over, and REQUEST_INVALID if it is too far away.
 */
export function expiryOf({ expiresAt }: Limits, keyId: string, now: Date): Date {
  if (!expiresAt) return new Date(now.getTime() + DEFAULT_DAYS * DAY_MS);
  if (expiresAt <= now) {
    const message = 'the time until which the key may be used is over';
    throw conflict('GRANT_EXPIRED', { kind: 'key', id: keyId }, message);
  }
  if (isTooFar(expiresAt, now)) {
    const description = `must be within ${MAX_DAYS} days`;
    throw invalid({ field: 'limits.expire_time', description });
  }
  return expiresAt;
}

/** Tells whether a grant that is made now may not last until then. */
export function isTooFar(expiresAt: Date, now: Date): boolean {
  return expiresAt.getTime() > now.getTime() + MAX_DAYS * DAY_MS;
}

/** The error for an execution that was superseded or has ended. */
export function epochStale(cloneId: string): PublicError {
  return new PublicError('aborted', 'EPOCH_STALE', 'the execution was superseded or has ended', {
    metadata: { clone_id: cloneId },
  });
}

function isFor(grant: Grant, { executionId, epoch }: Grantee): boolean {
  return grant.executionId === executionId && grant.epoch === epoch;
}
