import type { Database } from '@ramet/database';
import type { CloneKind } from '../domain/clone.js';
import { quotaExceeded } from './clones.js';
import { QuotaTable } from './quota-table.js';

/** A limit, and what is used of it. */
export interface Quota {
  readonly kind: CloneKind;
  readonly resource: string;
  readonly limit: number;
  readonly used: number;
}

/** What owners may have and have. Written with the clones; read here. */
export class Quotas {
  readonly #db: Database;
  readonly #cloneQuota: number;

  constructor(db: Database, cloneQuota: number) {
    this.#db = db;
    this.#cloneQuota = cloneQuota;
  }

  /** Throws QUOTA_EXCEEDED if an owner has as many clones of a kind as they may have. */
  async requireRoom(ownerId: string, kind: CloneKind): Promise<void> {
    const quotas = await this.list(ownerId);
    const isFull = quotas.some((quota) => quota.kind === kind && quota.used >= quota.limit);
    if (isFull) throw quotaExceeded(ownerId);
  }

  /** The quotas of an owner; the one of bots is there before the first. */
  async list(ownerId: string): Promise<readonly Quota[]> {
    const where = { ownerId };
    const rows = await this.#db.manager.find(QuotaTable, { where, order: { kind: 'asc' } });
    const known = rows.map(({ kind, resource, ownLimit, used }) => {
      return { kind, resource, limit: ownLimit ?? this.#cloneQuota, used };
    });
    if (known.some(({ kind }) => kind === 'BOT')) return known;
    return [{ kind: 'BOT', resource: 'clones', limit: this.#cloneQuota, used: 0 }, ...known];
  }
}
