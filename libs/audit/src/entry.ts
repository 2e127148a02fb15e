import type { AuditRecord } from '@ramet/rpc';

/** One call, or refusals or exchanges that were alike. */
export interface Entry {
  readonly record: AuditRecord;
  readonly count: number;
}

/** What is repeated by who tries again and again. */
const REFUSALS: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'INVALID_ARGUMENT',
  'RESOURCE_EXHAUSTED',
]);

/**
 * What waits to be written: refusals that are alike as one, and exchanges of a credential that are,
 * with the trace and the token of the first.
 *
 * Holds a bounded number of entries. What is beyond that is counted, and told once it can be.
 */
export class Entries {
  readonly #max: number;
  readonly #alike = new Map<string, number>();
  #entries: Entry[] = [];
  #lost = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(record: AuditRecord): void {
    const name = isRepeated(record) ? nameOf(record) : undefined;
    const place = name === undefined ? undefined : this.#alike.get(name);
    const known = place === undefined ? undefined : this.#entries[place];
    if (place !== undefined && known) {
      this.#entries[place] = { ...known, count: known.count + 1 };
      return;
    }
    if (this.#entries.length >= this.#max) {
      this.#lost += 1;
      return;
    }
    if (name !== undefined) this.#alike.set(name, this.#entries.length);
    this.#entries.push({ record, count: 1 });
  }

  /** Takes the oldest ones out. */
  take(limit: number): readonly Entry[] {
    const taken = this.#entries.splice(0, limit);
    this.#alike.clear();
    return taken;
  }

  /** Puts back what could not be written, before what has come since. */
  putBack(taken: readonly Entry[]): void {
    this.#alike.clear();
    this.#entries = [...taken, ...this.#entries];
  }

  /** How many were lost for want of room, since this was asked last. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }
}

/** What one credential is exchanged for again and again changes nothing but the token. */
function isRepeated({ code, isExchange }: AuditRecord): boolean {
  return REFUSALS.has(code) || (isExchange && code === 'OK');
}

/** What is alike of records that are: all that is written of them, but the trace and the token. */
function nameOf({ caller, ...record }: AuditRecord): string {
  const { kind, id, admin, onBehalfOf = '' } = caller;
  const { peer, peerService, method, code, reason, targets } = record;
  const who = [kind, id, admin, onBehalfOf, peer, peerService];
  return JSON.stringify([...who, method, code, reason, targets]);
}
