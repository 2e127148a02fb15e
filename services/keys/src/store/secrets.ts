import type { Database } from '@ramet/database';
import type { Grantee } from '../domain/grant.js';
import type { Rules } from '../domain/limits.js';
import type { SchemeKey } from '../domain/scheme.js';
import type { Sealed } from '../sealing/envelope.js';

/** The sealed secret of a key, with what an execution's grant says of it. */
export interface GrantedSecret extends Omit<SchemeKey, 'publicKey' | 'passphrase'>, Sealed {
  readonly grantId: string;
  readonly ownerId: string;
  readonly rules: Rules;
  readonly version: number;
  /** When another version takes its place. */
  readonly retireAt: Date | null;
}

/** The sealed secrets. What is read here is opened elsewhere. */
export class Secrets {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * The secret that an execution's grant is for: the version that it was made with, and once that has
   * retired the newest. Undefined if it never had one for the key.
   */
  async findGranted(grantee: Grantee, keyId: string): Promise<GrantedSecret | undefined> {
    const sql = `
      select key.id, key.owner_id as "ownerId", key.algorithm, key.venue, v.venue_key_id as "venueKeyId",
             g.id as "grantId", g.operations, g.rules, v.version, v.retire_at as "retireAt",
             v.kek_id as "kekId", v.wrapped_key as "wrappedKey",
             v.sealed
      from key_grant as g
      join key on key.id = g.key_id
      join key_version as had on had.key_id = g.key_id and had.version = g.key_version
      join key_version as v on v.key_id = g.key_id
        and v.version = case when had.retire_at <= ramet_now() then key.version else had.version end
      where g.execution_id = $1 and g.epoch = $2::bigint and g.key_id = $3 and g.clone_id = $4
        and v.destroyed_at is null`;
    const { executionId, epoch, cloneId } = grantee;
    const params = [executionId, epoch, keyId, cloneId];
    const [row] = await this.#db.query<GrantedSecret>(sql, params);
    return row;
  }

  /** A secret of the service itself: the one that is there, else the one given, from then on. */
  async ensureService(name: string, fresh: Sealed): Promise<Sealed> {
    const { kekId, wrappedKey, sealed } = fresh;
    const insert = `
      insert into service_secret (name, kek_id, wrapped_key, sealed, created_at)
      values ($1, $2, $3, $4, ramet_now())
      on conflict (name) do nothing`;
    await this.#db.query(insert, [name, kekId, wrappedKey, sealed]);
    const stored = await this.findService(name);
    if (!stored) throw new Error(`the service's secret is gone: ${name}`);
    return stored;
  }

  async findService(name: string): Promise<Sealed | undefined> {
    const sql = `
      select kek_id as "kekId", wrapped_key as "wrappedKey", sealed
      from service_secret where name = $1`;
    const [row] = await this.#db.query<Sealed>(sql, [name]);
    return row;
  }
}
