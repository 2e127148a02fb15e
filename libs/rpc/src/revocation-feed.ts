import { unavailable } from '@ramet/errors';
import type { Caller } from './call.js';
import { detached } from './context.js';
import type { Clock } from './ports.js';
import { FRESH_MS, type Revocations, type Revoked, RevokedSubjects } from './revocations.js';

/** Who tells what was revoked, in the shape of its remote. */
export interface RevocationSource {
  watchRevocations(
    request: object,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<RevocationNews>;
  checkRevocation(
    request: TokenFacts,
    options: { readonly timeoutMs: number },
  ): Promise<{ readonly revoked: boolean }>;
}

/**
 * What was revoked, and when it was looked: so long after the stream was opened.
 *
 * Absent: what was found does not fit into one message, and more of it follows.
 */
export interface RevocationNews {
  readonly revocations: readonly Revoked[];
  readonly lookedAfter?: { readonly seconds: bigint; readonly nanos: number } | undefined;
}

/** What a token says of itself. */
interface TokenFacts {
  readonly userId: string;
  readonly version: number;
  readonly tokenId: string;
  readonly credentialIds: readonly string[];
}

const PAUSE_MS = 250;
/** An answer that is still to come is good for who asks this long after the question was sent. */
const SHARED_MS = 250;
/** An answer that comes later is older than what may be relied on. */
const ASK_TIMEOUT_MS = FRESH_MS - SHARED_MS;
/** A stream that took longer to open tells too little of when it was opened: another may do better. */
const OPENING_MS = 150;
/** A stream that says nothing for so long is given up. */
const SILENCE_MS = 3_000;

/**
 * Follows what is revoked elsewhere, until it is disposed of.
 *
 * How fresh it is does not depend on how long messages take: the other side says how long after
 * the stream was opened it has looked, and the stream was asked for at a time that is known here.
 */
export class RevocationFeed implements Revocations, AsyncDisposable {
  readonly #source: RevocationSource;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #running: Promise<void>;
  readonly #asked = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();
  #subjects = new RevokedSubjects();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(source: RevocationSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#running = this.#run();
  }

  isFresh(): boolean {
    return this.#clock.elapsed() - this.#lookedAt <= FRESH_MS;
  }

  isRevoked(caller: Caller): boolean {
    return this.#subjects.has(caller);
  }

  /** Of many calls with one token at a time, one asks: when this is needed, teams is busy enough. */
  ask(caller: Caller): Promise<boolean> {
    const { tokenId } = caller;
    const now = this.#clock.elapsed();
    const asked = this.#asked.get(tokenId);
    if (asked && now - asked.at <= SHARED_MS) return asked.answer;
    const answer = detached(() => this.#ask(caller)).finally(() => {
      if (this.#asked.get(tokenId)?.answer === answer) this.#asked.delete(tokenId);
    });
    this.#asked.set(tokenId, { at: now, answer });
    return answer;
  }

  async #ask({ id, version = 0, tokenId, credentialIds = [] }: Caller): Promise<boolean> {
    const facts = { userId: id, version, tokenId, credentialIds };
    const answer = this.#source.checkRevocation(facts, { timeoutMs: ASK_TIMEOUT_MS });
    const { revoked } = await answer.catch((thrown: unknown) => {
      throw unavailable('teams', thrown);
    });
    return revoked;
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let openingMs = OPENING_MS; !signal.aborted; ) {
      // What it says is of no use to anybody: while it cannot be followed it is asked.
      const isSlow = await this.#follow(signal, openingMs).catch(() => false);
      openingMs = isSlow ? openingMs * 2 : OPENING_MS;
      if (!signal.aborted) await pause(this.#clock, PAUSE_MS, signal);
    }
  }

  /** Follows one stream. Tells whether it was given up because it was slow to open. */
  async #follow(signal: AbortSignal, openingMs: number): Promise<boolean> {
    const openedAt = this.#clock.elapsed();
    let openedInMs: number | undefined;
    let first: RevokedSubjects | undefined = new RevokedSubjects();
    const watch = new Watch(this.#clock, signal);
    try {
      for await (const news of this.#source.watchRevocations({}, { signal: watch.signal })) {
        watch.wind();
        openedInMs ??= this.#clock.elapsed() - openedAt;
        this.#add(news.revocations, first);
        if (!news.lookedAfter) continue;
        this.#look(openedAt + millisecondsOf(news.lookedAfter), first);
        first = undefined;
        if (openedInMs > openingMs) return true;
      }
    } finally {
      watch.stop();
    }
    return false;
  }

  /** Takes in what was revoked, at once, though more of it may follow. */
  #add(revocations: readonly Revoked[], first: RevokedSubjects | undefined): void {
    const now = this.#clock.elapsed();
    for (const each of revocations) {
      this.#subjects.add(each, now);
      first?.add(each, now);
    }
    this.#subjects.forget(now);
    if (revocations.length > 0) for (const callback of this.#listeners) callback();
  }

  /**
   * Takes note of when it was looked.
   *
   * The first look finds all that can still matter: what was known before is in it, or over. But for
   * who has looked before us: what we know is news there.
   */
  #look(lookedAt: number, first: RevokedSubjects | undefined): void {
    if (first && lookedAt >= this.#lookedAt) this.#subjects = first;
    this.#lookedAt = Math.max(this.#lookedAt, lookedAt);
  }
}

/** Ends a stream that has gone silent, or when it is asked to. */
class Watch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #end = (): void => this.#controller.abort();
  #stopTimer: () => void = () => undefined;

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    outer.addEventListener('abort', this.#end, { once: true });
    this.wind();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Takes note that something has come. */
  wind(): void {
    this.#stopTimer();
    this.#stopTimer = this.#clock.after(SILENCE_MS, this.#end);
  }

  stop(): void {
    this.#stopTimer();
    this.#outer.removeEventListener('abort', this.#end);
  }
}

function millisecondsOf({ seconds, nanos }: NonNullable<RevocationNews['lookedAfter']>): number {
  return Number(seconds) * 1_000 + nanos / 1e6;
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stopTimer();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stopTimer = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
