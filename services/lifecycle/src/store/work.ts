import {
  type Claimed,
  claimDue,
  createBatcher,
  type Database,
  type Finished,
  finishAll,
  giveBack,
} from '@ramet/database';
import type { Phase } from '../domain/phases.js';
import type { Claim, CloneReads } from './clone-reads.js';

/** A clone that is claimed, under a lease. */
export type Task = Claim & Claimed;

/** Something that clones in some phases are waiting for. */
export interface Wake {
  readonly cloneId: string;
  readonly phases: readonly Phase[];
}

/** What waits for this service to go on with. */
export interface Backlog {
  readonly due: number;
  readonly lateSeconds: number;
  readonly unpublished: number;
  /** How far the executor's history has been taken in. */
  readonly executorPosition: number;
}

/** What reconcilers have to do: which clones are due, and who has them. */
export class Work {
  readonly #db: Database;
  readonly #reads: CloneReads;
  readonly #leaseMs: number;
  readonly #finish: (finished: Finished) => Promise<void>;

  constructor(db: Database, reads: CloneReads, leaseMs: number) {
    this.#db = db;
    this.#reads = reads;
    this.#leaseMs = leaseMs;
    this.#finish = createBatcher({ run: (all) => this.#finishAll(all), inFlight: 2 });
  }

  /** Claims clones that are due, and reads them. Whoever comes later does not get them. */
  async claim(limit: number): Promise<readonly Task[]> {
    const claimed = await claimDue(this.#db, { limit, leaseMs: this.#leaseMs });
    if (claimed.length === 0) return [];
    const clones = await this.#reads.claims(claimed.map(({ id }) => id));
    return claimed.flatMap((each) => {
      const claim = clones.get(each.id);
      return claim ? [{ ...claim, ...each }] : [];
    });
  }

  /** Ends a step. A lease that was lost is no failure: another reconciler has the clone. */
  async finish({ id, leaseSeq }: Claimed, dueInMs: number | null): Promise<void> {
    await this.#finish({ id, leaseSeq, dueInMs });
  }

  /** Ends a step that went wrong: the clone is left alone for a while, and the reason is kept. */
  async fail({ id, leaseSeq }: Claimed, dueInMs: number, error: string): Promise<void> {
    await this.#finish({ id, leaseSeq, dueInMs, error });
  }

  /** Gives back what was claimed and not begun. */
  async giveBack(tasks: readonly Claimed[]): Promise<void> {
    await giveBack(this.#db, tasks);
  }

  /** Makes clones due that are in one of the phases in which the news matters to them. */
  async wake(wakes: readonly Wake[]): Promise<void> {
    const pairs = wakes.flatMap(({ cloneId, phases }) => phases.map((phase) => [cloneId, phase]));
    if (pairs.length === 0) return;
    await this.#db.query(WAKE, [pairs.map(([id]) => id), pairs.map(([, phase]) => phase)]);
  }

  /** How much there is to do and to publish. */
  async backlog(): Promise<Backlog> {
    const [row] = await this.#db.query<Backlog>(BACKLOG);
    return row ?? { due: 0, lateSeconds: 0, unpublished: 0, executorPosition: 0 };
  }

  async #finishAll(all: readonly Finished[]): Promise<readonly undefined[]> {
    await finishAll(this.#db, all);
    return all.map(() => undefined);
  }
}

/** Locks in one order first: whoever else locks many rows goes by id too. */
const WAKE = `
  with woken as materialized (
    select w.id
    from work w
    join clone c on c.id = w.id
    join unnest($1::text[], $2::text[]) as n (id, phase) on n.id = c.id and n.phase = c.phase
    order by w.id
    for no key update of w
  )
  update work w set due_at = ramet_now() from woken where w.id = woken.id`;

const BACKLOG = `
  select count(*)::int as due,
    coalesce(extract(epoch from ramet_now() - min(w.due_at)), 0)::float8 as "lateSeconds",
    (select (coalesce(max(s.position), 0) - coalesce(max(r.position), 0))::int
     from sequencer s left join relay r on true) as unpublished,
    (select coalesce(max(n.position), 0)::float8 from consumer n where n.producer = 'executor')
      as "executorPosition"
  from work w
  where w.due_at <= ramet_now()`;
