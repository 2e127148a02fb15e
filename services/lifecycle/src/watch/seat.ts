import { PublicError } from '@ramet/errors';
import type { Call } from '@ramet/rpc';
import type { WatchLimits } from '../deps.js';
import type { Audience, Told } from './audience.js';

/** How often a stream proves that it is alive and has missed nothing. */
const CHECKPOINT_MS = 3_000;
/** Who reads something within this time is not stuck, however much there is to read. */
const STUCK_MS = 1_500;

/** Where one watcher sits: what it has taken from its audience, and whether it reads what it gets. */
export class Seat {
  readonly call: Pick<Call, 'caller' | 'abort'>;
  /** The last position that was told. */
  position = 0n;
  /** The cursor of what was sent last. */
  cursor: () => Buffer = () => Buffer.alloc(0);
  /** How many rounds of progress it has been told. */
  rounds = 0;
  audience: Audience | undefined;
  #place = 0;
  /** Whether it has been told everything at least once since it joined. */
  #hasCaughtUp = false;
  /** Since when something is being sent. */
  #sendingSince: number | undefined;
  #wokenBy: (() => void) | undefined;
  #isWoken = false;
  #provenAt: number;

  constructor(call: Pick<Call, 'caller' | 'abort'>, now: number) {
    this.call = call;
    this.#provenAt = now;
  }

  /** Takes a place in an audience. Tells whether that remembers what comes after the position. */
  join(audience: Audience): boolean {
    const place = audience.placeAfter(this.position);
    if (place !== undefined) this.#place = place;
    return place !== undefined;
  }

  /** What comes next, if the audience still has it in memory; an empty list if nothing does yet. */
  take(limit: number): readonly Told[] | undefined {
    const told = this.audience?.from(this.#place, limit);
    if (told) this.#place += told.length;
    return told;
  }

  /** Notes that there was nothing left to tell up to a position. */
  caughtUp(position: bigint): void {
    if (position > this.position) this.position = position;
    this.#hasCaughtUp = true;
  }

  /** Notes that the past has to be read again, which may take its time. */
  fellBehind(): void {
    this.#hasCaughtUp = false;
  }

  /** Notes that something is sent from now on. */
  sending(now: number): void {
    this.#sendingSince = now;
  }

  /** Notes that there is room again. */
  sent(): void {
    this.#sendingSince = undefined;
  }

  /** Waits until there is something to do. */
  async wait(): Promise<void> {
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        this.#wokenBy = resolve;
      });
    }
    this.#isWoken = false;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wokenBy?.();
    this.#wokenBy = undefined;
  }

  /** Tells whether it is time for a proof. */
  isProofDue(now: number): boolean {
    return now - this.#provenAt >= CHECKPOINT_MS;
  }

  proven(now: number): void {
    this.#provenAt = now;
  }

  /** Tells whether it does not read what it is sent, or not fast enough. */
  isTooSlow(head: bigint, now: number, { lag, unreadMs }: WatchLimits): boolean {
    if (this.#sendingSince === undefined) return false;
    const unreadForMs = now - this.#sendingSince;
    if (unreadForMs >= unreadMs) return true;
    return this.#hasCaughtUp && unreadForMs >= STUCK_MS && head - this.position > lag;
  }

  /** Ends the watch with the cursor to go on from. What was sent before is still delivered. */
  cut(): void {
    const message = 'what is sent is not read: go on from the cursor, and read faster';
    const metadata = { cursor: this.cursor().toString('base64') };
    this.call.abort(new PublicError('resource_exhausted', 'WATCH_TOO_SLOW', message, { metadata }));
  }
}
