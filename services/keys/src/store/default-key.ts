import type { Tx } from '@ramet/database';
import { changed, type Key, keyInUse } from '../domain/key.js';
import { keyEvent } from '../events.js';
import { type Cause, lockKey, recordChanges } from './key-rows.js';

/**
 * Makes room for a new default key of an owner's venue. Throws KEY_IN_USE while a clone holds the one
 * that there is.
 */
export async function unsetDefault(
  tx: Tx,
  { owner, venue, id }: Pick<Key, 'owner' | 'venue' | 'id'>,
  cause: Cause,
): Promise<void> {
  const [former] = await tx.query<{ readonly id: string }>(FORMER, [
    owner.kind,
    owner.id,
    venue,
    id,
  ]);
  const locked = former && (await lockKey(tx, former.id));
  if (!locked?.key.isDefault) return;
  if (locked.key.hold) throw keyInUse(locked.key.id);
  const next = changed(locked.key, locked.now, { isDefault: false });
  await recordChanges(tx, locked, [{ event: keyEvent('key.updated', next), key: next }], cause);
}

const FORMER = `
  select id from key
  where owner_kind = $1 and owner_id = $2 and venue = $3 and is_default
    and deleted_at is null and id <> $4`;
