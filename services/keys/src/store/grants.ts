import type { Database, Tx } from '@ramet/database';
import { notFound, unavailable } from '@ramet/errors';
import type { Failpoints, Ids } from '@ramet/service';
import type { Role } from '../domain/access.js';
import { requireHeldSymbols } from '../domain/check-limits.js';
import { creatorOf } from '../domain/creator.js';
import {
  type Clone,
  decide,
  epochStale,
  expiryOf,
  type Grant,
  type Grantee,
  LEASE_MS,
  type Limits,
  operationsOf,
  requireUsable,
  requireWithdrawals,
} from '../domain/grant.js';
import { changed, type Key, keyInUse, requireActive } from '../domain/key.js';
import { grantMade, grantRevoked, keyHeld, keyReleased } from '../events.js';
import { type GrantRow, insertGrant, toGrant } from './grant-rows.js';
import { type Cause, type Change, type LockedKey, lockKey, recordChanges } from './key-rows.js';

/** An authorization that was found right, to be written. */
export interface Authorization {
  readonly keyId: string;
  readonly clone: Clone;
  readonly grantee: Grantee;
  readonly limits: Limits;
  /** What the creator of the clone is in its team. */
  readonly role: Role | undefined;
  /** What `seen` said before anybody was asked. */
  readonly seen: Seen;
}

/** What an authorization must find unchanged at its end. */
export interface Seen {
  /** How often the clone has released the key. */
  readonly releases: bigint;
  /** The last look at whether live grants are still right. */
  readonly looks: bigint;
}

/** Which grants to revoke: one, or all of an execution. */
export type Selection = { readonly grantId: string } | { readonly executionId: string };

/** A page of a list, newest first. */
export interface NewestPage {
  readonly after: { readonly at: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** The holds and grants. Every change locks the key first, then its grants in order of id. */
export class Grants {
  readonly #db: Database;
  readonly #ids: Ids;
  readonly #failpoints: Failpoints;

  constructor(db: Database, ids: Ids, failpoints: Failpoints) {
    this.#db = db;
    this.#ids = ids;
    this.#failpoints = failpoints;
  }

  /** What an authorization looks at before it asks anybody. */
  async seen(keyId: string, cloneId: string): Promise<Seen> {
    const [row] = await this.#db.query<Seen>(SEEN, [keyId, cloneId]);
    if (!row) throw new Error('there is no number of the last look');
    return row;
  }

  /**
   * Takes the hold for a clone and makes a grant for its execution, or returns the grant that is
   * there. A grant of an older epoch is revoked.
   *
   * Throws KEY_NOT_FOUND, KEY_IN_USE and EPOCH_STALE; the latter also if the clone has released the
   * key since `seen` was asked. PEER_UNAVAILABLE: there is news of the team or the creator since.
   */
  async authorize(asked: Authorization, cause: Cause): Promise<Grant> {
    const grant = await this.#db.transaction((tx) => this.#authorize(tx, asked, cause));
    this.#failpoints.hit('keys.authorize.committed');
    return grant;
  }

  /** Ends a clone's hold and its grants. Returns whether there was a hold. */
  async release(keyId: string, cloneId: string, cause: Cause): Promise<boolean> {
    const released = await this.#db.transaction(async (tx) => {
      const locked = await lockKey(tx, keyId);
      if (!locked) return false;
      await tx.query(NOTE_RELEASE, [keyId, cloneId]);
      if (locked.key.hold?.cloneId !== cloneId) return false;

      const live = await revokeLive(tx, locked, 'released');
      await tx.query('delete from hold where key_id = $1', [keyId]);
      const changes = revocations(locked, live);
      const key = changed(lastOf(locked, changes), locked.now, { hold: undefined });
      await recordChanges(tx, locked, [...changes, { event: keyReleased(key), key }], cause);
      return true;
    });
    this.#failpoints.hit('keys.release.committed');
    return released;
  }

  /** Revokes the live grant of a key, if it is one of these. The clone keeps its hold. */
  async revoke(grant: Grant, reason: string, cause: Cause): Promise<Grant> {
    const revoked = await this.#db.transaction(async (tx) => {
      const locked = await lockKey(tx, grant.keyId);
      if (!locked) throw notFound('grant', grant.id);
      await tx.query(LOCK_GRANTS, [grant.keyId]);
      const [row] = await tx.query<GrantRow>(REVOKE_ONE, [grant.id, locked.now, reason]);
      if (!row) return get(tx, grant.id);
      const next = toGrant(row);
      await recordChanges(tx, locked, revocations(locked, [next]), cause);
      return next;
    });
    this.#failpoints.hit('keys.revoke.committed');
    return revoked;
  }

  /** The grants that a selection names, by the id of their key. */
  async select(selection: Selection): Promise<readonly Grant[]> {
    const [column, value] =
      'grantId' in selection
        ? (['id', selection.grantId] as const)
        : (['execution_id', selection.executionId] as const);
    const sql = `select * from key_grant where ${column} = $1 order by key_id, id`;
    const rows = await this.#db.query<GrantRow>(sql, [value]);
    return rows.map(toGrant);
  }

  /** The grants of a key, newest first. */
  async list(keyId: string, { after, limit }: NewestPage): Promise<readonly Grant[]> {
    const sql = `
      select * from key_grant
      where key_id = $1 and ($2::text is null or (created_at, id) < ($2::timestamptz, $3))
      order by created_at desc, id desc limit $4`;
    const rows = await this.#db.query<GrantRow>(sql, [keyId, after?.at, after?.id, limit]);
    return rows.map(toGrant);
  }

  async #authorize(tx: Tx, asked: Authorization, cause: Cause): Promise<Grant> {
    const { keyId, clone, grantee, limits } = asked;
    const locked = await lockKey(tx, keyId);
    requireUsable(locked?.key, keyId, clone);
    if (!locked) throw notFound('key', keyId);
    requireWithdrawals(limits, locked.key, asked.role);
    requireHeldSymbols(limits, locked.key);
    requireActive(locked.key, locked.now);
    await requireUnchanged(tx, asked);

    const [hold] = await tx.query<HoldRow>(TAKE_HOLD, [keyId, clone.id, locked.now]);
    if (hold?.clone_id !== clone.id) throw keyInUse(keyId);

    const { executionId, epoch } = grantee;
    const grants = await tx.query<GrantRow>(HAD, [keyId, clone.id, epoch, executionId]);
    const decision = decide(grants.map(toGrant), grantee);
    if (decision.kind === 'granted') return decision.grant;

    const isAny = decision.superseded.length > 0;
    const superseded = isAny ? await revokeLive(tx, locked, 'superseded') : [];
    const grant = this.#newGrant(locked, grantee, limits);
    await insertGrant(tx, grant, locked.key, creatorOf(clone));
    await recordChanges(tx, locked, authorizations(locked, clone.id, superseded, grant), cause);
    return grant;
  }

  #newGrant({ key, now }: LockedKey, grantee: Grantee, limits: Limits): Grant {
    const expiresAt = expiryOf(limits, key.id, now);
    return {
      ...grantee,
      id: this.#ids.make('gra'),
      keyId: key.id,
      operations: operationsOf(limits, key),
      maxUses: limits.maxUses,
      rate: limits.rate,
      rules: limits.rules,
      expiresAt,
      leaseUntil: new Date(now.getTime() + LEASE_MS),
      uses: 0n,
      createdAt: now,
      revokedAt: undefined,
      revokeReason: '',
    };
  }
}

/** Of the grants that a clone has had of a key: the live one, that of an execution, the newest. */
const HAD = `
  select * from key_grant where id in (
    select id from key_grant where key_id = $1 and clone_id = $2 and revoked_at is null
    union
    select id from key_grant
    where key_id = $1 and clone_id = $2 and epoch = $3 and execution_id = $4
    union
    (select id from key_grant
     where key_id = $1 and clone_id = $2 and epoch >= $3 order by epoch desc limit 1)
  ) order by id`;

interface HoldRow {
  readonly clone_id: string;
}

const SEEN = `
  select n.last_value as looks, coalesce(
    (select number from release where key_id = $1 and clone_id = $2), 0) as releases
  from rights_look_number n`;

const NOTE_RELEASE = `
  insert into release (key_id, clone_id, number) values ($1, $2, 1)
  on conflict (key_id, clone_id) do update set number = release.number + 1`;

/** Whose hold it is: taken now, or there before. The key is locked, so that nobody takes it meanwhile. */
const TAKE_HOLD = `
  with taken as (
    insert into hold (key_id, clone_id, created_at) values ($1, $2, $3)
    on conflict (key_id) do nothing
    returning clone_id
  )
  select clone_id from taken
  union all
  select clone_id from hold where key_id = $1`;

/**
 * Waits for the batches that have the grants locked, as a statement of its own: one that waited itself
 * would know the last place that was given before.
 */
const LOCK_GRANTS = `
  select 1 from key_grant
  where key_id = $1 and revoked_at is null order by id for no key update`;

/** Notes also what the grant leaves: what it has signed is at places that were given by then. */
const REVOKE = `
  set revoked_at = $2, revoke_reason = $3, last_nonce = nullif(nonce, 0),
      to_position = coalesce(pg_sequence_last_value('signature_position_seq'), 0)`;

const REVOKE_LIVE = `
  update key_grant ${REVOKE}
  where key_id = $1 and revoked_at is null
  returning *`;

const REVOKE_ONE = `
  update key_grant ${REVOKE}
  where id = $1 and revoked_at is null
  returning *`;

/** The lock that it takes is waited for by whoever looks next: it sees the grant, or is seen here. */
async function requireUnchanged(tx: Tx, { keyId, clone, seen }: Authorization): Promise<void> {
  const { creatorId, teamId } = creatorOf(clone);
  const params = [keyId, clone.id, [creatorId, teamId].filter((id) => id !== '').sort()];
  const [now] = await tx.query<Seen>('select * from changes_since($1, $2, $3)', params);
  if (now?.releases !== seen.releases) throw epochStale(clone.id);
  if (now.looks > seen.looks) throw unavailable('teams');
}

async function get(tx: Tx, id: string): Promise<Grant> {
  const [row] = await tx.query<GrantRow>('select * from key_grant where id = $1', [id]);
  if (!row) throw notFound('grant', id);
  return toGrant(row);
}

async function revokeLive(
  tx: Tx,
  { key, now }: LockedKey,
  reason: string,
): Promise<readonly Grant[]> {
  await tx.query(LOCK_GRANTS, [key.id]);
  const rows = await tx.query<GrantRow>(REVOKE_LIVE, [key.id, now, reason]);
  return rows.map(toGrant);
}

/** One change for each grant that was revoked, after each other. */
function revocations({ key, now }: LockedKey, revoked: readonly Grant[]): readonly Change[] {
  let last = key;
  return revoked.map((grant) => {
    last = changed(last, now);
    return { event: grantRevoked(last, grant), key: last };
  });
}

function authorizations(
  locked: LockedKey,
  cloneId: string,
  superseded: readonly Grant[],
  grant: Grant,
): readonly Change[] {
  const { key, now } = locked;
  const changes = [...revocations(locked, superseded)];
  if (!key.hold) {
    const held = changed(lastOf(locked, changes), now, { hold: { cloneId, createdAt: now } });
    changes.push({ event: keyHeld(held), key: held });
  }
  const granted = changed(lastOf(locked, changes), now);
  return [...changes, { event: grantMade(granted, grant), key: granted }];
}

function lastOf({ key }: LockedKey, changes: readonly Change[]): Key {
  return changes.at(-1)?.key ?? key;
}
