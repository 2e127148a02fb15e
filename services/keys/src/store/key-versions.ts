import type { Queries } from '@ramet/database';
import type { Key } from '../domain/key.js';
import type { SealedSecret } from '../sealing/sealed-secret.js';

/** Adds the secret of the newest version of a key. */
export async function insertVersion(
  tx: Queries,
  key: Key,
  { fingerprint, sealed }: SealedSecret,
): Promise<void> {
  const { kekId, wrappedKey, sealed: secret } = sealed;
  await tx.query(INSERT, [
    key.id,
    key.version,
    kekId,
    wrappedKey,
    secret,
    key.updatedAt,
    key.owner.kind,
    key.owner.id,
    fingerprint,
    key.publicKey,
    key.venueKeyId,
    key.origin,
  ]);
}

const INSERT = `
  insert into key_version (key_id, version, kek_id, wrapped_key, sealed, created_at, owner_kind,
                           owner_id, fingerprint, public_key, venue_key_id, origin)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

/**
 * Says until when the versions before the newest sign for the grants that have them: no longer than the
 * one before it. After that they go on with the newest, also where an earlier one is to retire; those
 * whose version is over by now have the one that came after it.
 */
export async function retireVersion(tx: Queries, key: Key): Promise<void> {
  const { id, version, versions, updatedAt } = key;
  const retireAt = versions[1]?.retireAt;
  const retire = `
    update key_version set retire_at = least(retire_at, $3)
    where key_id = $1 and version < $2 and destroyed_at is null`;
  await tx.query(retire, [id, version, retireAt]);
  await tx.query(FOLLOW, [id, version, retireAt, updatedAt]);
}

const FOLLOW = `
  update key_grant set
    key_version = case when version_until <= $4 then next_version else key_version end,
    next_version = $2,
    version_until = case when version_until <= $4 then $3 else least(version_until, $3) end
  where key_id = $1 and revoked_at is null`;

/** Says what the venue calls the newest version. */
export async function renameVersion(tx: Queries, key: Key): Promise<void> {
  const sql = 'update key_version set venue_key_id = $3 where key_id = $1 and version = $2';
  await tx.query(sql, [key.id, key.version, key.venueKeyId]);
}

/** Says whether the secrets of a key are taken: no other key of its owner may have one of them. */
export async function setTaken(tx: Queries, id: string, isTaken: boolean): Promise<void> {
  const sql = `
    update key_version set is_taken = $2
    where key_id = $1 and destroyed_at is null and is_taken <> $2`;
  await tx.query(sql, [id, isTaken]);
}

/**
 * Destroys a secret of a key, or all that it has: what was sealed, and what opened it. Grants that
 * have the version go on with the newest one.
 */
export async function destroyVersions(
  tx: Queries,
  { id, version: newest, updatedAt }: Key,
  version: number | undefined,
): Promise<void> {
  const move = `
    update key_grant set key_version = $2, next_version = null, version_until = null
    where key_id = $1 and ($3::integer is null or key_version = $3) and revoked_at is null`;
  await tx.query(move, [id, newest, version]);
  const destroy = `
    update key_version
    set sealed = null, wrapped_key = null, destroyed_at = $2, is_taken = false
    where key_id = $1 and ($3::integer is null or version = $3) and destroyed_at is null`;
  await tx.query(destroy, [id, updatedAt, version]);
}
