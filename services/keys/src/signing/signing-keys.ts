import type { Clock } from '@ramet/service';
import type { Grantee } from '../domain/grant.js';
import type { Rules } from '../domain/limits.js';
import type { SchemeKey } from '../domain/scheme.js';
import type { OpenedKey } from './families/family.js';

/** A key as one execution may use it, ready to sign with. Its grant may have ended since. */
export interface SigningKey extends SchemeKey {
  readonly grantId: string;
  /** Of the secret. Whether it still signs, only the database says. */
  readonly version: number;
  readonly ownerId: string;
  /** What the grant lets through. */
  readonly rules: Rules;
  readonly opened: OpenedKey;
  /** When another secret takes its place, by the database's clock. */
  readonly retireAt: Date | null;
}

export interface SigningKeysOptions {
  /** Reads and opens a key; undefined if the execution never had a grant for it. */
  readonly load: (grantee: Grantee, keyId: string) => Promise<SigningKey | undefined>;
  readonly clock: Clock;
  readonly max?: number;
  readonly ttlMs?: number;
}

interface Entry {
  readonly key: SigningKey;
  readonly until: number;
}

const MAX = 10_000;
const TTL_MS = 60_000;

/**
 * Opened keys, for a while: opening one takes as long as many signatures.
 *
 * What it says of a grant never changes; whether the grant lives, only the database says. OpenSSL
 * zeroes a key's memory when the last reference to it is gone.
 */
export class SigningKeys implements Disposable {
  readonly #load: SigningKeysOptions['load'];
  readonly #clock: Clock;
  readonly #max: number;
  readonly #ttlMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<SigningKey | undefined>>();
  #stopSweep: (() => void) | undefined;

  constructor({ load, clock, max = MAX, ttlMs = TTL_MS }: SigningKeysOptions) {
    this.#load = load;
    this.#clock = clock;
    this.#max = max;
    this.#ttlMs = ttlMs;
  }

  /** How many keys are open. */
  get size(): number {
    return this.#entries.size;
  }

  /** The key if it is open. */
  peek(grantee: Grantee, keyId: string): SigningKey | undefined {
    const entry = this.#entries.get(nameOf(grantee, keyId));
    return entry && entry.until > this.#clock.elapsed() ? entry.key : undefined;
  }

  /** The key, opened if need be; undefined if the execution never had a grant for it. */
  async find(grantee: Grantee, keyId: string): Promise<SigningKey | undefined> {
    const known = this.peek(grantee, keyId);
    if (known) return known;
    const name = nameOf(grantee, keyId);
    const running = this.#loading.get(name) ?? this.#open(name, grantee, keyId);
    return running;
  }

  /** Closes a key for all executions, because of a change that may have ended their grants. */
  drop(keyId: string): void {
    for (const [name, { key }] of this.#entries) {
      if (key.id === keyId) this.#entries.delete(name);
    }
    // What is being opened was read before the change: it is given to who asked, and not kept.
    this.#loading.clear();
  }

  /** Closes all keys. */
  clear(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
    this.#entries.clear();
    this.#loading.clear();
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #open(name: string, grantee: Grantee, keyId: string): Promise<SigningKey | undefined> {
    const loading = this.#load(grantee, keyId)
      .then((key) => {
        if (key && this.#loading.get(name) === loading) this.#keep(name, key);
        return key;
      })
      .finally(() => {
        if (this.#loading.get(name) === loading) this.#loading.delete(name);
      });
    this.#loading.set(name, loading);
    return loading;
  }

  #keep(name: string, key: SigningKey): void {
    this.#entries.delete(name);
    this.#entries.set(name, { key, until: this.#clock.elapsed() + this.#lifeOf(key) });
    if (this.#entries.size > this.#max) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#stopSweep ??= this.#clock.after(this.#ttlMs, () => this.#sweep());
  }

  /** How long a key stays open: not after another secret has taken its place. */
  #lifeOf({ retireAt }: SigningKey): number {
    const leftMs = retireAt ? retireAt.getTime() - this.#clock.now().getTime() : this.#ttlMs;
    return Math.min(this.#ttlMs, Math.max(leftMs, 0));
  }

  #sweep(): void {
    const now = this.#clock.elapsed();
    for (const [name, { until }] of this.#entries) {
      if (until <= now) this.#entries.delete(name);
    }
    this.#stopSweep = undefined;
    if (this.#entries.size > 0) {
      this.#stopSweep = this.#clock.after(this.#ttlMs, () => this.#sweep());
    }
  }
}

function nameOf({ cloneId, executionId, epoch }: Grantee, keyId: string): string {
  return `${keyId}/${cloneId}/${executionId}/${epoch}`;
}
