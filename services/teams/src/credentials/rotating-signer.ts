import { createHash } from 'node:crypto';
import type { Secret } from '@ramet/config';
import { detached } from '@ramet/rpc';
import type { Clock, Ids } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import type { Identity, SignedToken } from '../domain/identity.js';
import { signingKey } from '../domain/token-key.js';
import {
  createKeySigners,
  type KeySigner,
  type PublicKey,
  type PublishedKey,
} from './token-signer.js';

/** Where all replicas publish their keys. */
interface KeyTable {
  publish(own: readonly PublicKey[], gone: readonly string[]): Promise<readonly PublishedKey[]>;
}

export interface RotatingSignerOptions {
  /** Reads the keys as they are now. */
  readonly read: () => Secret;
  readonly table: KeyTable;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly lifeSeconds: number;
}

/** How often the keys are looked at. */
const LOOK_MS = 2_000;
/** How often it is told that this replica still has its keys, and read which ones others have. */
const PUBLISH_MS = 20_000;
/** How old what is known of others' keys may be for who asks for all. */
const ASKED_MS = 1_000;
/** How long they wait for the table: longer, and they get what is known. */
const WAIT_MS = 250;

/**
 * Signs with the keys of a file that may change meanwhile.
 *
 * A key that is put first signs after it was published for a while, at all replicas from the same
 * moment on; until then the one before does, if it is still there. One that was taken out neither
 * signs nor is published from then on. A file that cannot be used changes nothing.
 */
export class RotatingSigner implements AsyncDisposable {
  readonly #options: RotatingSignerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #publishing: Promise<void> | undefined;
  #signers: readonly KeySigner[];
  #content: string;
  #signing: KeySigner | undefined;
  #published: readonly PublishedKey[] = [];
  #publishedAt = Number.NEGATIVE_INFINITY;
  /** The keys that this replica has told all of. */
  #told: readonly string[] = [];

  constructor(options: RotatingSignerOptions, signers: readonly KeySigner[], content: string) {
    this.#options = options;
    this.#signers = signers;
    this.#content = content;
  }

  /** Reads the keys, and looks at them until it is disposed of. Throws if they cannot be used. */
  static async open(options: RotatingSignerOptions): Promise<RotatingSigner> {
    const keys = options.read();
    const signers = await createKeySigners(keys, options);
    const rotating = new RotatingSigner(options, signers, digestOf(keys));
    await rotating.#publish();
    rotating.#running = rotating.#run();
    return rotating;
  }

  /** The keys of the file, and those of other replicas. */
  get publicKeys(): readonly PublicKey[] {
    const own = this.#own();
    // What this replica has told of and has no more is nobody else's, as far as that is known.
    const mine = new Set([...own.map(({ id }) => id), ...this.#told]);
    const others = this.#published.filter(({ id }) => !mine.has(id));
    return [...own, ...others.map(({ ageMs: _, ...key }) => key)];
  }

  /** The same, as it is at this moment: who asks may have met a key that is new. */
  async currentKeys(): Promise<readonly PublicKey[]> {
    if (this.#age() > ASKED_MS) {
      const published = this.#publish().catch((thrown) => this.#warn(thrown));
      await Promise.race([published, this.#options.clock.sleep(WAIT_MS)]);
    }
    return this.publicKeys;
  }

  async sign(identity: Identity, maxSeconds?: number): Promise<SignedToken> {
    return this.#choose().sign(identity, maxSeconds);
  }

  /** Looks whether the keys have changed, and takes them if they have. */
  async look(): Promise<void> {
    try {
      const keys = this.#options.read();
      const content = digestOf(keys);
      if (content !== this.#content) {
        this.#signers = await createKeySigners(keys, this.#options);
        this.#content = content;
        const ids = this.#signers.map(({ publicKey }) => publicKey.id);
        this.#options.logger.info('the token keys have changed', { keys: ids });
      }
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : '';
      this.#options.logger.error('the token keys cannot be read: those before stay', { error });
    }
    this.#choose();
    if (!this.#isTold() || this.#age() >= PUBLISH_MS) {
      await this.#publish().catch((thrown) => this.#warn(thrown));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #choose(): KeySigner {
    const elapsed = this.#age();
    const id = signingKey({
      inFile: this.#own().map(({ id }) => id),
      current: this.#signing?.publicKey.id,
      ages: new Map(this.#published.map((key) => [key.id, key.ageMs + elapsed])),
    });
    const next = this.#signers.find(({ publicKey }) => publicKey.id === id);
    if (!next) throw new Error('there is no key that signs tokens');
    this.#signing = next;
    return next;
  }

  #own(): readonly PublicKey[] {
    return this.#signers.map(({ publicKey }) => publicKey);
  }

  #isTold(): boolean {
    const own = this.#own();
    return own.length === this.#told.length && own.every(({ id }) => this.#told.includes(id));
  }

  /** How long ago what is published was read. */
  #age(): number {
    return this.#options.clock.elapsed() - this.#publishedAt;
  }

  #publish(): Promise<void> {
    // For all who wait: it must not end with the call that happens to come first.
    this.#publishing ??= detached(() => this.#tell()).finally(() => {
      this.#publishing = undefined;
    });
    return this.#publishing;
  }

  async #tell(): Promise<void> {
    const own = this.#own();
    const ids = own.map(({ id }) => id);
    const gone = this.#told.filter((id) => !ids.includes(id));
    this.#published = await this.#options.table.publish(own, gone);
    this.#publishedAt = this.#options.clock.elapsed();
    this.#told = ids;
  }

  #warn(thrown: unknown): void {
    this.#options.logger.warn('the token keys cannot be published', { error: String(thrown) });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#options.clock.sleep(LOOK_MS, signal);
      if (!signal.aborted) await this.look();
    }
  }
}

function digestOf(keys: Secret): string {
  return createHash('sha256').update(keys.text()).digest('hex');
}
