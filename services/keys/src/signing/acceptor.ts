import { createBatcher, type Database } from '@ramet/database';
import { PublicError } from '@ramet/errors';
import type { Clock, Failpoints } from '@ramet/service';
import { type Asked, type Decision, refusalOf, type Verdict } from '../domain/verdict.js';
import { type BatchLock, Lane } from './lane.js';

/** A request to sign, as the log is to keep it. */
export interface Acceptance extends Asked {
  readonly scheme: string;
  readonly digest: Buffer;
  readonly traceId: string;
  /** The version of the key that would sign it. */
  readonly version: number;
  /** Whether the venue wants a number that rises with every request of the key. */
  readonly wantsNonce: boolean;
  /** Calls back once the answer to it is out. */
  afterEnd(callback: () => void): void;
}

/** What accepting has come to. Outdated: another version of the key signs by now. */
export type Acceptation = Accepted | 'outdated';

/** A request that is in the log and may be signed. */
export interface Accepted {
  readonly acceptedAt: Date;
  /** The number that was asked for: higher than any that the key was given before. */
  readonly nonce: bigint | undefined;
  /** Throws if nobody can tell any more that this answer is in flight: then it must not go out. */
  requireCurrent(): void;
}

export interface AcceptorOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  /** Called after each batch: there may be new rows in the log. */
  readonly onRecorded: () => void;
  /** Batches in flight, each on a connection of its own. Two keep clients and server both busy. */
  readonly lanes?: 1 | 2;
}

interface Row extends Decision {
  readonly acceptedAt: Date;
  readonly nonce: bigint | undefined;
}

/** What the function says of a batch, in the order of the batch. */
interface Decided {
  readonly verdicts: string;
  readonly times: string;
  readonly nonces: string;
  readonly waits: string;
}

const ACCEPT = `
  select verdicts, times, nonces, waits
  from accept_signatures($1, $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::bytea[], $8::text[], $9::boolean[], $10::integer[])`;

/**
 * Has requests accepted: many callers, one statement, one commit.
 *
 * A signature may be made for what it has accepted, and for nothing else. Until the answer is out,
 * whoever ends signing waits for it.
 */
export class Acceptor implements AsyncDisposable {
  readonly #lanes: readonly Lane[];
  readonly #failpoints: Failpoints;
  readonly #onRecorded: () => void;
  readonly #accept: (asked: Acceptance) => Promise<Acceptation>;

  constructor({ db, clock, failpoints, onRecorded, lanes = 2 }: AcceptorOptions) {
    this.#lanes = Array.from({ length: lanes }, () => new Lane(db, clock));
    this.#failpoints = failpoints;
    this.#onRecorded = onRecorded;
    this.#accept = createBatcher({ run: (batch) => this.#run(batch), inFlight: lanes });
  }

  /** Accepts one request. Throws what the grant says, and DATABASE_UNAVAILABLE. */
  accept(asked: Acceptance): Promise<Acceptation> {
    return this.#accept(asked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lane of this.#lanes) await lane[Symbol.asyncDispose]();
  }

  async #run(batch: readonly Acceptance[]): Promise<readonly (Acceptation | Error)[]> {
    const { asked, places, later } = fold(batch);
    const { result, lock } = await this.#decide(asked);
    this.#failpoints.hit('keys.sign.accepted');
    const rows = rowsOf(result);
    // What is refused needs nobody to wait for its answer.
    releaseAfter(
      batch.filter((_, index) => isAccepted(rows[places[index] ?? -1])),
      lock,
    );
    this.#onRecorded();

    const answers = later.length === 0 ? [] : await this.#run(later);
    return batch.map((each, index) => {
      const place = places[index];
      if (place === undefined) return answers[later.indexOf(each)] ?? missing();
      const row = rows[place];
      return row ? answerOf(each, row, lock) : missing();
    });
  }

  /**
   * Runs the statement; once more if the connection was lost, as nobody knows what became of it.
   * What it had accepted by then is found again by its request id.
   */
  async #decide(asked: readonly Acceptance[]) {
    const columns = columnsOf(asked);
    const attempt = () => {
      const lane = this.#lanes.find(({ isBusy }) => !isBusy);
      if (!lane) throw new Error('more batches than lanes');
      return lane.run((query, number, done) => query<Decided>(ACCEPT, [number, done, ...columns]));
    };
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof PublicError && thrown.code === 'unavailable')) throw thrown;
      return attempt();
    }
  }
}

interface Folded {
  /** Each request once, however often it is in the batch. */
  readonly asked: readonly Acceptance[];
  /** Where each of the batch is in `asked`; undefined for those in `later`. */
  readonly places: readonly (number | undefined)[];
  /** What uses the request id of another payload in this batch: it must find that one's row. */
  readonly later: readonly Acceptance[];
}

/** Makes one of equal requests: the statement decides on each request id once. */
function fold(batch: readonly Acceptance[]): Folded {
  const known = new Map<string, number>();
  const asked: Acceptance[] = [];
  const later: Acceptance[] = [];
  const places = batch.map((each) => {
    const name = `${each.grantId}/${each.requestId}`;
    const place = known.get(name) ?? asked.length;
    const other = asked[place];
    if (other && !isEqual(each, other)) {
      later.push(each);
      return undefined;
    }
    if (!other) {
      known.set(name, place);
      asked.push(each);
    }
    return place;
  });
  return { asked, places, later };
}

function isEqual(one: Acceptance, other: Acceptance): boolean {
  return (
    one.operation === other.operation &&
    one.version === other.version &&
    one.digest.equals(other.digest)
  );
}

function columnsOf(asked: readonly Acceptance[]): readonly string[] {
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
    arrayOf(asked.map(({ wantsNonce }) => String(wantsNonce))),
    arrayOf(asked.map(({ version }) => String(version))),
  ];
}

/**
 * An array as PostgreSQL reads it. The driver's own writing of arrays, element by element, would
 * take longer than a signature. Ids and hex digits need no escapes.
 */
function arrayOf(elements: readonly string[], prefix = ''): string {
  if (/["\\]/.test(elements.join(''))) throw new Error('an id has a character that no id has');
  return `{"${prefix}${elements.join(`","${prefix}`)}"}`;
}

function rowsOf([decided]: readonly Decided[]): readonly Row[] {
  const { verdicts = '', times = '', nonces = '', waits = '' } = decided ?? {};
  const timeOf = times.split(',');
  const nonceOf = nonces.split(',');
  const waitOf = waits.split(',');
  return verdicts.split(',').map((verdict, index) => ({
    verdict: verdict as Verdict,
    acceptedAt: new Date(Number(timeOf[index])),
    nonce: nonceOf[index] ? BigInt(nonceOf[index]) : undefined,
    retryAfterMs: waitOf[index] ? Number(waitOf[index]) : undefined,
  }));
}

/** Gives the lock of a batch back once all of its answers are out. */
function releaseAfter(batch: readonly Acceptance[], lock: BatchLock): void {
  let open = batch.length;
  if (open === 0) lock.release();
  for (const { afterEnd } of batch) {
    afterEnd(() => {
      open -= 1;
      if (open === 0) lock.release();
    });
  }
}

function isAccepted(row: Row | undefined): boolean {
  return row?.verdict === 'accepted' || row?.verdict === 'seen';
}

function answerOf(asked: Acceptance, row: Row, lock: BatchLock): Acceptation | Error {
  const { verdict } = row;
  if (verdict === 'outdated') return verdict;
  const refusal = refusalOf({ ...row, verdict }, asked);
  if (refusal) return refusal;
  return {
    acceptedAt: row.acceptedAt,
    nonce: row.nonce,
    requireCurrent() {
      if (lock.isLost()) throw connectionLost();
    },
  };
}

function missing(): Error {
  return new Error('the database has not decided on all of a batch');
}

function connectionLost(): PublicError {
  return new PublicError('unavailable', 'DATABASE_UNAVAILABLE', 'the database went away', {
    retryAfterMs: 1_000,
  });
}
