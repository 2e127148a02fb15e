import { createBatcher, type Database } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type { Clock, Failpoints } from '@ramet/service';
import { type Asked, refusalOf, type Verdict } from '../domain/verdict.js';
import { type BatchLock, Lane } from './lane.js';

/** A request to sign, as the log is to keep it. */
export interface Acceptance extends Asked {
  readonly scheme: string;
  readonly digest: Buffer;
  readonly traceId: string;
  /** Calls back once the answer to it is out. */
  afterEnd(callback: () => void): void;
}

/** A request that is in the log and may be signed. */
export interface Accepted {
  readonly acceptedAt: Date;
  /** Throws if nobody can tell any more that this answer is in flight: then it must not go out. */
  requireCurrent(): void;
}

export interface AcceptorOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  /** Batches in flight, each on a connection of its own. */
  readonly lanes?: 1 | 2;
}

interface Row {
  readonly verdict: Verdict;
  readonly acceptedAt: Date;
}

/** What the function says of a batch, in the order of the batch. */
interface Decided {
  readonly verdicts: string;
  readonly times: string;
}

const ACCEPT = `
  select verdicts, times
  from accept_signatures($1, $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::bytea[], $8::text[])`;

/**
 * Has requests accepted: many callers, one statement, one commit.
 *
 * A signature may be made for what it has accepted, and for nothing else. Until the answer is out,
 * whoever ends signing waits for it.
 */
export class Acceptor implements AsyncDisposable {
  readonly #lanes: readonly Lane[];
  readonly #failpoints: Failpoints;
  readonly #accept: (asked: Acceptance) => Promise<Accepted>;

  constructor({ db, clock, failpoints, lanes = 2 }: AcceptorOptions) {
    this.#lanes = Array.from({ length: lanes }, () => new Lane(db, clock));
    this.#failpoints = failpoints;
    this.#accept = createBatcher({ run: (batch) => this.#run(batch), inFlight: lanes });
  }

  /** Accepts one request. Throws what the grant says, and DATABASE_UNAVAILABLE. */
  accept(asked: Acceptance): Promise<Accepted> {
    return this.#accept(asked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lane of this.#lanes) await lane[Symbol.asyncDispose]();
  }

  async #run(batch: readonly Acceptance[]): Promise<readonly (Accepted | Error)[]> {
    const { first, later } = fold(batch);
    const lane = this.#lanes.find(({ isBusy }) => !isBusy);
    if (!lane) throw new Error('more batches than lanes');

    const asked = [...first.values()];
    const { result, lock } = await lane.run((query, number, done) =>
      query<Decided>(ACCEPT, [number, done, ...columns(asked)]),
    );
    this.#failpoints.hit('keys.sign.accepted');
    const rows = rowsOf(first, result[0]);
    const early = batch.filter((each) => !later.includes(each));
    releaseAfter(early, lock);

    const answers = later.length > 0 ? await this.#run(later) : [];
    return batch.map((each) => {
      const at = later.indexOf(each);
      if (at >= 0) return answers[at] ?? new Error('a batch must give a result per item');
      return answerOf(each, rows.get(nameOf(each)), lock);
    });
  }
}

interface Folded {
  readonly first: ReadonlyMap<string, Acceptance>;
  /** What uses the request id of another payload in this batch: it must find that one's row. */
  readonly later: readonly Acceptance[];
}

/** Makes one of equal requests: the statement decides on each request id once. */
function fold(batch: readonly Acceptance[]): Folded {
  const first = new Map<string, Acceptance>();
  const later: Acceptance[] = [];
  for (const each of batch) {
    const name = nameOf(each);
    const other = first.get(name);
    if (!other) first.set(name, each);
    else if (!isEqual(each, other)) later.push(each);
  }
  return { first, later };
}

function nameOf({ grantId, requestId }: Acceptance): string {
  return `${grantId}/${requestId}`;
}

function isEqual(one: Acceptance, other: Acceptance): boolean {
  return one.operation === other.operation && one.digest.equals(other.digest);
}

function columns(asked: readonly Acceptance[]): readonly string[] {
  return [
    arrayOf(asked.map(({ grantId }) => grantId)),
    arrayOf(asked.map(({ requestId }) => requestId)),
    arrayOf(asked.map(({ operation }) => operation)),
    arrayOf(asked.map(({ scheme }) => scheme)),
    arrayOf(
      asked.map(({ digest }) => digest.toString('hex')),
      '\\\\x',
    ),
    arrayOf(asked.map(({ traceId }) => traceId)),
  ];
}

/**
 * An array as PostgreSQL reads it. The driver's own writing of arrays, element by element, would
 * take longer than a signature. Ids and hex digits need no escapes.
 */
function arrayOf(elements: readonly string[], prefix = ''): string {
  const text = elements.join('');
  if (/["\\]/.test(text)) throw new Error('an id has a character that no id has');
  return `{"${prefix}${elements.join(`","${prefix}`)}"}`;
}

function rowsOf(
  asked: ReadonlyMap<string, Acceptance>,
  decided: Decided | undefined,
): ReadonlyMap<string, Row> {
  const verdicts = (decided?.verdicts ?? '').split(',');
  const times = (decided?.times ?? '').split(',');
  let nth = 0;
  const rows = new Map<string, Row>();
  for (const name of asked.keys()) {
    const acceptedAt = new Date(Number(times[nth]));
    rows.set(name, { verdict: verdicts[nth] as Verdict, acceptedAt });
    nth += 1;
  }
  return rows;
}

/** Gives the lock of a batch back once all of its answers are out. */
function releaseAfter(batch: readonly Acceptance[], lock: BatchLock): void {
  let open = batch.length;
  for (const { afterEnd } of batch) {
    afterEnd(() => {
      open -= 1;
      if (open === 0) lock.release();
    });
  }
}

function answerOf(asked: Acceptance, row: Row | undefined, lock: BatchLock): Accepted | Error {
  if (!row) return new Error('a batch must give a result per item');
  const refusal = refusalOf(row.verdict, asked);
  if (refusal) return refusal;
  return {
    acceptedAt: row.acceptedAt,
    requireCurrent() {
      if (lock.isLost()) throw connectionLost();
    },
  };
}

function connectionLost(): PublicError {
  return new PublicError('unavailable', 'DATABASE_UNAVAILABLE', 'the database went away', {
    retryAfterMs: 1_000,
  });
}
