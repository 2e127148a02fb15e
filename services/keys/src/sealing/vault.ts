import { type ReplicaState, sealedError } from '../domain/seal.js';
import type { Keyring } from './envelope.js';
import type { Kek } from './kek.js';
import type { DigestKeys } from './key-sealer.js';

/** What makes secrets readable. */
export interface Opened {
  readonly keks: readonly Kek[];
  readonly kekId: string;
  readonly keyring: Keyring;
  readonly digests: DigestKeys;
}

/** A replica that could not ask for so long may be sealed without knowing it. */
const LEASE_MS = 10_000;

/** The keys of the service itself, as long as it is not sealed. The only place that holds them. */
export class Vault implements Keyring {
  #opened: Opened | undefined;
  #state: ReplicaState = 'starting';
  #sinceSeen: () => number = () => Number.POSITIVE_INFINITY;
  readonly #watchers: ((isOpen: boolean) => void)[] = [];

  get state(): ReplicaState {
    return this.#state;
  }

  get kekIds(): readonly string[] {
    return this.#opened?.keks.map(({ id }) => id) ?? [];
  }

  /** The KEK to seal under. Empty while there is none. */
  get kekId(): string {
    return this.#opened?.kekId ?? '';
  }

  current(): Kek {
    return this.opened().keyring.current();
  }

  find(id: string): Kek {
    return this.opened().keyring.find(id);
  }

  /** What makes secrets readable. Throws SEALED. */
  opened(): Opened {
    if (!this.#opened) throw sealedError(this.#state);
    return this.#opened;
  }

  /** Throws SEALED unless it is known right now that nobody has sealed the service. */
  requireOpen(): void {
    this.opened();
    if (this.#sinceSeen() > LEASE_MS) throw sealedError('open');
  }

  /** Takes note that nobody had sealed the service so many milliseconds ago. */
  seen(sinceSeen: () => number): void {
    this.#sinceSeen = sinceSeen;
  }

  /** Calls back at once, and whenever the vault has opened or closed. */
  watch(callback: (isOpen: boolean) => void): void {
    this.#watchers.push(callback);
    callback(this.#opened !== undefined);
  }

  /** Takes what makes secrets readable. */
  open(opened: Opened): void {
    this.#change(opened, 'open');
  }

  /** Forgets it all. */
  close(state: Exclude<ReplicaState, 'open'>): void {
    this.#opened?.digests.request.fill(0);
    this.#change(undefined, state);
  }

  #change(opened: Opened | undefined, state: ReplicaState): void {
    const hasChanged = (opened === undefined) !== (this.#opened === undefined);
    this.#opened = opened;
    this.#state = state;
    if (!hasChanged) return;
    for (const tell of this.#watchers) tell(opened !== undefined);
  }
}
