import { appendHistory, type Database, nextLink, type Queries } from '@ramet/database';
import type { Owner } from '../domain/clone.js';
import { digestsOf } from '../domain/overrides.js';
import type { OwnerLayer } from '../domain/owner-layer.js';
import { ownerOverridesChanged } from '../template-events.js';
import type { NamedSecret, Secrets } from './secrets.js';

interface LayerChange {
  readonly actor: string;
  /** What the changed layer has secrets of. */
  readonly secrets: readonly NamedSecret[];
}

/** The layers of overrides that owners have, in Postgres, with their history and secrets. */
export class OwnerOverrides {
  readonly #db: Database;
  readonly #secrets: Secrets;

  constructor(db: Database, secrets: Secrets) {
    this.#db = db;
    this.#secrets = secrets;
  }

  /** The layer of an owner. Empty, with seq 0, for who never changed it. */
  async get(owner: Owner, db: Queries = this.#db): Promise<OwnerLayer> {
    const sql = 'select overrides, seq from owner_overrides where owner_id = $1';
    const [row] = await db.query<Pick<OwnerLayer, 'overrides' | 'seq'>>(sql, [owner.id]);
    return { owner, overrides: row?.overrides ?? [], seq: row?.seq ?? 0 };
  }

  /**
   * Changes the layer of an owner as `decide` says, holding its row meanwhile, and seals its
   * secrets.
   *
   * `decide` must be pure. Returning the layer it was given means no change.
   */
  async change(
    owner: Owner,
    { actor, secrets }: LayerChange,
    decide: (layer: OwnerLayer) => OwnerLayer,
  ): Promise<OwnerLayer> {
    return this.#db.transaction(async (tx) => {
      await tx.query(ENSURE, [owner.id]);
      const [row] = await tx.query<LayerRow>(LOCK, [owner.id]);
      if (!row) throw new Error('a layer that was made is not there');
      const { hash, overrides, seq } = row;
      const layer = { owner, overrides, seq };
      const decided = decide(layer);
      if (decided === layer) return layer;

      const next = { ...decided, seq: seq + 1 };
      const payload = ownerOverridesChanged(next);
      const aggregate = `ovr_${owner.id}`;
      const [prev, head] = [{ seq, hash }, nextLink({ seq, hash }, aggregate, payload)];
      await tx.query(UPDATE, [owner.id, JSON.stringify(next.overrides), head.seq, head.hash]);
      const kind = 'overrides.changed';
      await appendHistory(tx, [{ aggregate, kind, actor, payload, prev, next: head }]);

      const digests = digestsOf(next.overrides);
      const added = secrets.filter(({ digest }) => digests.includes(digest));
      await this.#secrets.seal(tx, owner.id, added);
      await this.#secrets.keepOnly(tx, owner.id, digests);
      return next;
    });
  }
}

interface LayerRow extends Pick<OwnerLayer, 'overrides' | 'seq'> {
  readonly hash: Buffer;
}

const ENSURE = `
  insert into owner_overrides (owner_id, overrides, updated_at, seq, hash)
  values ($1, '[]', ramet_now(), 0, '')
  on conflict do nothing`;

const LOCK = `
  select overrides, seq, hash from owner_overrides where owner_id = $1 for no key update`;

const UPDATE = `
  update owner_overrides set overrides = $2::jsonb, updated_at = ramet_now(), seq = $3, hash = $4
  where owner_id = $1`;
