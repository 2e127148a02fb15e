import {
  createBatcher,
  currentTrace,
  type Database,
  findRequestId,
  NO_HISTORY,
  nextLink,
} from '@ramet/database';
import { notFound, PublicError } from '@ramet/errors';
import { withAction } from '../domain/action.js';
import { type Clone, newClone, type Wanted } from '../domain/clone.js';
import type { Deadlines } from '../domain/phases.js';
import type { Sight } from '../domain/sight.js';
import { cloneChanged } from '../events.js';
import {
  type ChangedBy,
  type CloneChange,
  changeOf,
  type Refused,
  type Request,
} from './clone-change.js';
import type { CloneReads, Kept } from './clone-reads.js';
import { fromClone } from './clone-row.js';
import { externalRefTaken, nameTaken, refusal } from './refusals.js';
import type { SealedSecret } from './secrets.js';

/** A clone to create, and the request that asks for it. */
export interface NewClone {
  readonly wanted: Wanted;
  readonly request: Request;
  /** With what it was asked for, for the log of actions: secrets left out. */
  readonly parameters: object;
  /** The secret values that it needs. */
  readonly secrets: readonly SealedSecret[];
}

type Traced = NewClone & { readonly trace: string };

interface Created {
  readonly verdict: string;
  readonly resource_id: string;
  readonly clone: Clone;
}

export interface ClonesOptions {
  /** The pool of the service. */
  readonly db: Database;
  /** Connections that nothing but creations use. */
  readonly lane: Database;
  readonly reads: CloneReads;
  readonly deadlines: Deadlines;
  /** How many clones of a kind an owner may have who has no limit of their own. */
  readonly cloneQuota: number;
  readonly failpoints: { hit(name: string): void };
}

/** How often a change is decided anew because somebody else changed the clone meanwhile. */
const ATTEMPTS = 8;

/** The clones, in Postgres: every write of a clone goes through here, with its history. */
export class Clones {
  readonly #options: ClonesOptions;
  readonly #create: (item: Traced) => Promise<Created>;
  readonly #change: (change: WrittenChange) => Promise<string>;

  constructor(options: ClonesOptions) {
    this.#options = options;
    this.#create = createBatcher({ run: (items) => this.#createAll(items), inFlight: 2 });
    this.#change = createBatcher({ run: (changes) => this.#changeAll(changes), inFlight: 2 });
  }

  /**
   * Records a new clone and reserves its quota; for a repeated request, returns the clone as it is.
   *
   * Throws REQUEST_ID_REUSED, NAME_TAKEN, EXTERNAL_REF_TAKEN, OWNER_DENIED or QUOTA_EXCEEDED.
   */
  async create(item: NewClone): Promise<Clone> {
    const { wanted, request } = item;
    for (let attempt = 1; ; attempt += 1) {
      const {
        verdict,
        resource_id: id,
        clone,
      } = await this.#create({ ...item, trace: currentTrace() });
      if (verdict === 'CREATED') return clone;
      if (verdict !== 'REPEATED') throw refusal(wanted, verdict, request);

      // The twin that took the request id may have been refused meanwhile: then it is ours.
      const kept = await this.#options.reads.find(id, 'all');
      if (kept) return kept.clone;
      if (attempt === ATTEMPTS) throw new Error('a repeated request finds no clone');
    }
  }

  /** The clone that an earlier request of this id has made, if there was one. */
  async findRepeated(request: Request): Promise<Clone | undefined> {
    const { db, reads } = this.#options;
    const repeated = await findRequestId(db, request);
    return repeated && (await reads.find(repeated.resourceId, 'all'))?.clone;
  }

  /** Throws NAME_TAKEN or EXTERNAL_REF_TAKEN if the owner has such a clone. */
  async requireFree(wanted: Wanted): Promise<void> {
    const { owner, name, externalRef } = wanted;
    const [row] = await this.#options.db.query<{ by_name: boolean; by_ref: boolean }>(TAKEN, [
      owner.id,
      name,
      externalRef,
    ]);
    if (row?.by_name) throw nameTaken(wanted);
    if (row?.by_ref) throw externalRefTaken(wanted);
  }

  async #createAll(items: readonly Traced[]): Promise<readonly Created[]> {
    const { lane, db, deadlines, cloneQuota, failpoints } = this.#options;
    const [clock] = await lane.query<{ now: Date }>('select ramet_now() as now');
    const at = clock?.now ?? failed();
    const clones = items.map(({ wanted }) => newClone(wanted, at, deadlines));
    const payloads = clones.map(cloneChanged);
    const hashes = clones.map(
      ({ id }, n) => nextLink(NO_HISTORY, id, payloads[n] ?? failed()).hash,
    );

    const rows = await lane.query<Omit<Created, 'clone'>>(CREATE, [
      JSON.stringify(clones.map((clone, n) => fromClone(clone, hashes[n] ?? failed()))),
      items.map(({ request }) => request.caller),
      items.map(({ request }) => request.requestId),
      items.map(({ request }) => request.fingerprint),
      payloads,
      hashes,
      items.map(({ trace }) => trace),
      cloneQuota,
      JSON.stringify(items.map(({ parameters, secrets }) => ({ parameters, secrets }))),
    ]);
    failpoints.hit('lifecycle.creations_committed');
    db.announceHistory();
    return rows.map((row, n) => ({ ...row, clone: clones[n] ?? failed() }));
  }

  /**
   * Changes a clone that the caller sees as `decide` says, for a user.
   *
   * `decide` must be pure: it is asked again if the clone changed meanwhile. Returning the clone it
   * was given means no change. Throws CLONE_NOT_FOUND for what is out of sight.
   */
  async change(
    id: string,
    sight: Sight,
    by: ChangedBy,
    decide: (clone: Clone, now: Date) => Clone,
  ): Promise<Clone> {
    if (await this.#isRepeated(by)) return this.#options.reads.get(id, sight);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const kept = await this.#options.reads.find(id, sight);
      if (!kept) throw notFound('clone', id);
      const decided = await this.#decided(kept, by, decide);
      if (decided === kept.clone) return decided;

      const next = by.action ? withAction(kept.clone, decided, by.action) : decided;
      const written = await this.write(kept, { ...by, next, at: kept.now });
      if (typeof written !== 'string') return written.clone;
      if (written === 'REPEATED') return kept.clone;
      if (written !== 'CONFLICT') throw refusal(next, written, by.request);
    }
    throw new PublicError('aborted', 'ETAG_STALE', `the clone keeps changing: ${id}`, {
      metadata: { clone_id: id },
    });
  }

  /** What is decided of a clone. It is as it is where a twin of the request made it so meanwhile. */
  async #decided(
    kept: Kept,
    by: ChangedBy,
    decide: (clone: Clone, now: Date) => Clone,
  ): Promise<Clone> {
    try {
      return decide(kept.clone, kept.now);
    } catch (thrown) {
      if (await this.#isRepeated(by)) return kept.clone;
      throw thrown;
    }
  }

  async #isRepeated({ request }: ChangedBy): Promise<boolean> {
    return request !== undefined && (await findRequestId(this.#options.db, request)) !== undefined;
  }

  /**
   * Writes a change with its history, unless the clone is not as it was read or the lease is lost.
   *
   * Times never run backwards within a clone, whatever the clock did.
   */
  async write(kept: Kept, change: CloneChange): Promise<Kept | Refused> {
    const at = new Date(Math.max(change.at.getTime(), kept.clone.updatedAt.getTime() + 1));
    const next = { ...change.next, seq: kept.clone.seq + 1, updatedAt: at };
    const payload = cloneChanged(next);
    const { hash } = nextLink({ seq: kept.clone.seq, hash: kept.hash }, next.id, payload);

    const json = changeOf(kept.clone, { ...change, next }, hash);
    const verdict = await this.#change({ json, payload });
    return verdict === 'CHANGED' ? { clone: next, hash, now: at } : (verdict as Refused);
  }

  async #changeAll(changes: readonly WrittenChange[]): Promise<readonly string[]> {
    const { db } = this.#options;
    const rows = await db.query<{ verdict: string }>(CHANGE, [
      JSON.stringify(changes.map(({ json }) => json)),
      changes.map(({ payload }) => payload),
      this.#options.cloneQuota,
    ]);
    db.announceHistory();
    return rows.map(({ verdict }) => verdict);
  }
}

/** A change, as the database takes it. */
interface WrittenChange {
  readonly json: object;
  readonly payload: Buffer;
}

const CREATE = 'select * from create_clones($1::jsonb, $2, $3, $4, $5, $6, $7, $8, $9::jsonb)';

const TAKEN = `
  select
    exists (
      select from clone c
      where c.owner_id = $1 and c.name = $2 and c.name <> '' and c.deleted_at is null
    ) as by_name,
    exists (
      select from clone c
      where c.owner_id = $1 and c.external_ref = $3 and c.external_ref <> '' and (
        c.restart is not null or c.phase not in ('COMPLETED', 'STOPPED', 'FAILED', 'DELETED'))
    ) as by_ref`;

const CHANGE = 'select * from change_clones($1::jsonb, $2, $3)';

function failed(): never {
  throw new Error('the database answered with fewer rows than it was asked for');
}
