import { Audience, type AudienceWish, audienceKey } from './audience.js';
import type { SharedChange } from './changes.js';
import type { Seat } from './seat.js';

/** What logs of audiences may weigh, all together: they share what is told. */
const MAX_BYTES = 16 * 1024 * 1024;

/** An audience, with those who sit in it. */
interface Room {
  readonly key: string;
  readonly audience: Audience;
  readonly seats: Set<Seat>;
}

/** All audiences, by the owners that they see, and how far back all of them remember. */
export class Audiences {
  readonly #rooms = new Map<string, Room>();
  readonly #byOwner = new Map<string, Set<Audience>>();
  readonly #ofAll = new Set<Audience>();
  readonly #roomOf = new Map<Audience, Room>();
  /** What logs may hold at the moment: positions, and how many bytes they weigh. */
  #window: { readonly position: bigint; readonly bytes: number }[] = [];
  #bytes = 0;
  readonly #maxRows: number;

  /** As many of the newest changes are remembered as are given here. */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** How many there are, and how many things they hold in memory. */
  get held(): { readonly audiences: number; readonly told: number } {
    const told = this.all().reduce((sum, audience) => sum + audience.held, 0);
    return { audiences: this.#rooms.size, told };
  }

  all(): readonly Audience[] {
    return [...this.#roomOf.keys()];
  }

  /** Those who a change may concern: who sees its owner, or anybody, should it have had another one. */
  of({
    ownerId,
    isReassigned,
  }: Pick<SharedChange, 'ownerId' | 'isReassigned'>): readonly Audience[] {
    if (isReassigned) return this.all();
    return [...(this.#byOwner.get(ownerId) ?? []), ...this.#ofAll];
  }

  /** Begins anew: nothing is remembered. */
  restart(position: bigint): void {
    this.#window = [];
    this.#bytes = 0;
    for (const audience of this.all()) audience.trim(position);
  }

  /** Puts a seat into its audience, which is made if there is none, and out of the one it was in. */
  join(seat: Seat, wish: AudienceWish, position: bigint): Audience {
    this.leave(seat);
    const key = audienceKey(wish);
    const room = this.#rooms.get(key) ?? this.#open(key, wish, position);
    room.seats.add(seat);
    seat.audience = room.audience;
    return room.audience;
  }

  /** Takes a seat out of its audience, which goes with the last one. */
  leave(seat: Seat): void {
    const room = seat.audience && this.#roomOf.get(seat.audience);
    seat.audience = undefined;
    if (!room) return;
    room.seats.delete(seat);
    if (room.seats.size === 0) this.#close(room);
  }

  wake(audience: Audience): void {
    for (const seat of this.#roomOf.get(audience)?.seats ?? []) seat.wake();
  }

  /** Takes note of what was told, and has all forget the oldest of what is too much. */
  slide({ position, response }: SharedChange): void {
    this.#window.push({ position, bytes: response.length });
    this.#bytes += response.length;
    if (this.#window.length <= this.#maxRows && this.#bytes <= MAX_BYTES) return;
    // An eighth at a time, as each time costs something for every audience.
    let count = 0;
    while (count < this.#window.length && (count < this.#maxRows / 8 || this.#bytes > MAX_BYTES)) {
      this.#bytes -= this.#window[count]?.bytes ?? 0;
      count += 1;
    }
    const last = this.#window[count - 1];
    this.#window = this.#window.slice(count);
    if (last) for (const audience of this.all()) audience.trim(last.position);
  }

  #open(key: string, wish: AudienceWish, position: bigint): Room {
    const room = { key, audience: new Audience(wish, position), seats: new Set<Seat>() };
    this.#rooms.set(key, room);
    this.#roomOf.set(room.audience, room);
    for (const set of this.#setsOf(room.audience)) set.add(room.audience);
    return room;
  }

  #close({ key, audience }: Room): void {
    this.#rooms.delete(key);
    this.#roomOf.delete(audience);
    for (const set of this.#setsOf(audience)) set.delete(audience);
    if (audience.sight === 'all') return;
    for (const owner of audience.sight) {
      if (this.#byOwner.get(owner)?.size === 0) this.#byOwner.delete(owner);
    }
  }

  #setsOf({ sight }: Audience): readonly Set<Audience>[] {
    if (sight === 'all') return [this.#ofAll];
    return sight.map((owner) => {
      const set = this.#byOwner.get(owner) ?? new Set<Audience>();
      this.#byOwner.set(owner, set);
      return set;
    });
  }
}
