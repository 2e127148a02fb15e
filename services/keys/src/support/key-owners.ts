import assert from 'node:assert/strict';
import { type Key, RotateKeyRequest, UpdateKeyRequest } from '@ramet/proto-gen/keys.v1';
import { systemClock } from '@ramet/service';
import { as } from './callers.js';
import type { Tenant, World } from './world.js';

/** Whose key it is. */
type Owned = Pick<Tenant, 'userId' | 'keyId'>;

/** What the owners of keys in a world do with them, and what of their secrets is there. */
export class KeyOwners {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async get({ userId, keyId }: Owned): Promise<Key> {
    const { key } = await this.#world.keys.getKey({ id: keyId }, as(`user:${userId}`));
    return key ?? assert.fail('there is no key');
  }

  /** The keys that are offered to a clone. */
  async available({ userId }: Owned): Promise<readonly string[]> {
    const all = { owner: undefined, keyId: '', pageSize: 0, pageToken: '' };
    const { keys } = await this.#world.keys.listAvailableKeys(all, as(`user:${userId}`));
    return keys.map(({ id }) => id);
  }

  update({ userId, keyId }: Owned, change: Parameters<typeof UpdateKeyRequest.fromPartial>[0]) {
    const request = UpdateKeyRequest.fromPartial({ ...change, id: keyId });
    return this.#world.keys.updateKey(request, as(`user:${userId}`));
  }

  remove({ userId, keyId }: Owned, seconds?: bigint) {
    const deleteAfter = seconds === undefined ? undefined : { seconds, nanos: 0 };
    const request = { id: keyId, etag: '', deleteAfter };
    return this.#world.keys.deleteKey(request, as(`user:${userId}`));
  }

  rotate({ userId, keyId }: Owned, secret: string, overlapMs: number) {
    const request = RotateKeyRequest.fromPartial({
      id: keyId,
      material: { $case: 'secret', value: Buffer.from(secret) },
      overlap: { seconds: BigInt(overlapMs / 1_000), nanos: 0 },
    });
    return this.#world.keys.rotateKey(request, as(`user:${userId}`));
  }

  /** Whether the secrets of a key are there, of the newest version first. */
  async secretsOf({ keyId }: Owned): Promise<readonly boolean[]> {
    const sql = `
      select sealed is not null and wrapped_key is not null as "isThere"
      from key_version where key_id = $1 order by version desc`;
    const rows = await this.#world.db.query<{ readonly isThere: boolean }>(sql, [keyId]);
    return rows.map(({ isThere }) => isThere);
  }

  async until(key: Owned, is: (key: Key) => boolean): Promise<Key> {
    for (;;) {
      const seen = await this.get(key);
      if (is(seen)) return seen;
      await systemClock.sleep(10);
    }
  }
}
