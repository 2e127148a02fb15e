import { claimRequestId, type Database, type RequestId, type Tx } from '@ramet/database';
import { notFound } from '@ramet/errors';
import type { Failpoints } from '@ramet/service';
import type { Key } from '../domain/key.js';
import {
  type Due,
  deleted,
  destroyed,
  disabled,
  enabled,
  type KeyChange,
  rotated,
  undeleted,
  updated,
  versionDestroyed,
} from '../domain/key-life.js';
import { type Event, keyEvent } from '../events.js';
import type { SealedSecret } from '../sealing/sealed-secret.js';
import { unsetDefault } from './default-key.js';
import { refusalOf } from './key-refusals.js';
import { type Cause, lockKey, recordChanges } from './key-rows.js';
import {
  destroyVersions,
  insertVersion,
  renameVersion,
  retireVersion,
  setTaken,
} from './key-versions.js';

/** Which key to change, and only if it is as it was read, if that is said. */
export interface Edit {
  readonly id: string;
  readonly etag: string;
}

/** A decision on a key that is locked, and what to write beside its row. */
interface Step {
  readonly kind: Event['kind'];
  decide(key: Key, now: Date, tx: Tx): Key | Promise<Key>;
  write(tx: Tx, next: Key, before: Key): Promise<void>;
}

/**
 * The life of keys after they were created. What ends signing is written to the grants of the key in
 * the transaction of the change.
 */
export class KeyLife {
  readonly #db: Database;
  readonly #failpoints: Failpoints;

  constructor(db: Database, failpoints: Failpoints) {
    this.#db = db;
    this.#failpoints = failpoints;
  }

  /** Changes what the owner may. Throws NAME_TAKEN, ETAG_STALE, KEY_DELETED and KEY_IN_USE. */
  async update({ id, etag }: Edit, change: KeyChange, cause: Cause): Promise<Key> {
    return this.#change(id, cause, {
      kind: 'key.updated',
      decide: (key, now) => updated(key, now, etag, change),
      async write(tx, next, before) {
        if (next.isDefault && !before.isDefault) await unsetDefault(tx, next, cause);
        if (next.venueKeyId !== before.venueKeyId) await renameVersion(tx, next);
        await writeGrants(tx, next);
      },
    });
  }

  /** Ends signing with a key until it is enabled. Throws ETAG_STALE and KEY_DELETED. */
  async disable({ id, etag }: Edit, cause: Cause): Promise<Key> {
    return this.#change(id, cause, {
      kind: 'key.disabled',
      decide: (key, now) => disabled(key, now, etag),
      write: writeGrants,
    });
  }

  /** Throws ETAG_STALE and KEY_DELETED. */
  async enable({ id, etag }: Edit, cause: Cause): Promise<Key> {
    return this.#change(id, cause, {
      kind: 'key.enabled',
      decide: (key, now) => enabled(key, now, etag),
      write: writeGrants,
    });
  }

  /** Deletes a key: its secrets wait. Throws KEY_IN_USE and ETAG_STALE. */
  async delete({ id, etag }: Edit, waitMs: number, cause: Cause): Promise<Key> {
    const key = await this.#change(id, cause, {
      kind: 'key.deleted',
      decide: (key, now) => deleted(key, now, etag, waitMs),
      write: (tx) => setTaken(tx, id, false),
    });
    this.#failpoints.hit('keys.delete.committed');
    return key;
  }

  /** Takes a deletion back. Throws KEY_DELETED once it is too late, NAME_TAKEN and KEY_DUPLICATE. */
  async undelete(id: string, cause: Cause): Promise<Key> {
    return this.#change(id, cause, {
      kind: 'key.undeleted',
      decide: undeleted,
      write: (tx) => setTaken(tx, id, true),
    });
  }

  /**
   * Gives a key a new version, or returns the key if the same request did. The secret must be sealed
   * for the version after the one that is named.
   *
   * Throws KEY_DUPLICATE, KEY_DELETED and KEY_VERSIONS_FULL; ETAG_STALE also if the key has another
   * version by now.
   */
  async rotate(
    { id, version }: Pick<Key, 'id' | 'version'>,
    { secret, overlapMs }: { readonly secret: SealedSecret; readonly overlapMs: number },
    request: RequestId,
    cause: Cause,
  ): Promise<Key> {
    const key = await this.#change(id, cause, {
      kind: 'key.rotated',
      async decide(key, now, tx) {
        const claimed = await claimRequestId(tx, { ...request, resourceId: id });
        if (claimed !== 'new') return key;
        return rotated(key, now, version, { version: secret, overlapMs });
      },
      async write(tx, next) {
        await retireVersion(tx, next);
        await insertVersion(tx, next, secret);
      },
    });
    return key;
  }

  /**
   * What is due to be destroyed by now, what was due first comes first; after the one given, if any.
   * Opened keys of a version that retired are closed by then.
   */
  async due(limit: number, after?: Due): Promise<readonly Due[]> {
    const params = [limit, after?.since ?? '-infinity', after?.keyId ?? '', after?.version ?? 0];
    const rows = await this.#db.query<Due & { readonly version: number }>(DUE, params);
    return rows.map(({ keyId, version, since }) => ({
      ...{ keyId, since, version: version === WHOLE ? undefined : version },
    }));
  }

  /** Destroys what is due. Safe to repeat: what is gone, or was taken back, stays as it is. */
  async destroy({ keyId, version }: Omit<Due, 'since'>, cause: Cause): Promise<void> {
    await this.#change(keyId, cause, {
      kind: version === undefined ? 'key.destroyed' : 'key.version_destroyed',
      decide: (key, now) =>
        version === undefined ? destroyed(key, now) : versionDestroyed(key, now, version),
      write: (tx, next) => destroyVersions(tx, next, version),
    });
  }

  async #change(id: string, cause: Cause, step: Step): Promise<Key> {
    let name = '';
    try {
      return await this.#db.transaction(async (tx) => {
        const locked = await lockKey(tx, id);
        if (!locked) throw notFound('key', id);
        const next = await step.decide(locked.key, locked.now, tx);
        name = next.name;
        if (next === locked.key) return next;
        await step.write(tx, next, locked.key);
        await recordChanges(tx, locked, [{ event: keyEvent(step.kind, next), key: next }], cause);
        return next;
      });
    } catch (thrown) {
      throw refusalOf(thrown, name);
    }
  }
}

/** Stands for the whole of a key where versions are numbered from 1. */
const WHOLE = 0;

const DUE = `
  select "keyId", version, at::text as since from (
    (select key_id as "keyId", version, retire_at as at
     from key_version
     where retire_at <= ramet_now() - interval '2 minutes' and destroyed_at is null
       and (retire_at, key_id, version) > ($2::timestamptz, $3, $4::integer)
     order by retire_at, key_id, version limit $1)
    union all
    (select id, ${WHOLE}, purge_at
     from key
     where purge_at <= ramet_now() and destroyed_at is null
       and (purge_at, id, ${WHOLE}) > ($2::timestamptz, $3, $4::integer)
     order by purge_at, id limit $1)
  ) as due
  order by at, "keyId", version limit $1`;

/** Writes to the live grants of a key what signing asks of them. */
async function writeGrants(tx: Tx, { id, disabledAt, validFrom, validUntil }: Key): Promise<void> {
  const sql = `
    update key_grant set disabled = $2, valid_from = $3, valid_until = $4
    where key_id = $1 and revoked_at is null
      and (disabled, valid_from, valid_until) is distinct from ($2, $3::timestamptz, $4::timestamptz)`;
  await tx.query(sql, [id, disabledAt !== undefined, validFrom, validUntil]);
}
