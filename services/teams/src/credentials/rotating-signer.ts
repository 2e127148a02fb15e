import { createHash } from 'node:crypto';
import type { Secret } from '@ramet/config';
import type { Clock, Ids } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import type { Identity, SignedToken } from '../domain/identity.js';
import { createTokenSigner, type PublicKey, type TokenSigner } from './token-signer.js';

export interface RotatingSignerOptions {
  /** Reads the keys as they are now. */
  readonly read: () => Secret;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly lifeSeconds: number;
}

/** How often the keys are looked at. */
const LOOK_MS = 2_000;
/** For how long a key is published before it signs: verifiers read the keys within a minute. */
const LEAD_MS = 90_000;

/**
 * Signs with the keys of a file that may change meanwhile.
 *
 * A key that is put first signs after it was published for a while; until then the one before does.
 * A file that cannot be used changes nothing.
 */
export class RotatingSigner implements TokenSigner, AsyncDisposable {
  readonly #options: RotatingSignerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #signing: TokenSigner;
  #newest: TokenSigner;
  #signsFrom = 0;
  #content: string;

  constructor(options: RotatingSignerOptions, signer: TokenSigner, content: string) {
    this.#options = options;
    this.#signing = signer;
    this.#newest = signer;
    this.#content = content;
  }

  /** Reads the keys, and looks at them until it is disposed of. Throws if they cannot be used. */
  static async open(options: RotatingSignerOptions): Promise<RotatingSigner> {
    const keys = options.read();
    const signer = await createTokenSigner(keys, options);
    const rotating = new RotatingSigner(options, signer, digestOf(keys));
    rotating.#running = rotating.#run();
    return rotating;
  }

  /** The keys of the file, and the one that signs meanwhile. */
  get publicKeys(): readonly PublicKey[] {
    const [signing] = this.#signing.publicKeys;
    const { publicKeys } = this.#newest;
    const isIn = publicKeys.some(({ id }) => id === signing?.id);
    return signing && !isIn ? [...publicKeys, signing] : publicKeys;
  }

  sign(identity: Identity, maxSeconds?: number): Promise<SignedToken> {
    if (this.#signing !== this.#newest && this.#options.clock.elapsed() >= this.#signsFrom) {
      this.#signing = this.#newest;
    }
    return this.#signing.sign(identity, maxSeconds);
  }

  /** Looks whether the keys have changed, and takes them if they have. */
  async look(): Promise<void> {
    try {
      const keys = this.#options.read();
      const content = digestOf(keys);
      if (content === this.#content) return;
      this.#take(await createTokenSigner(keys, this.#options));
      this.#content = content;
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : '';
      this.#options.logger.error('the token keys cannot be read: those before stay', { error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #take(next: TokenSigner): void {
    const { clock, logger } = this.#options;
    const [first] = next.publicKeys;
    const isPublished = this.publicKeys.some(({ id }) => id === first?.id);
    const now = clock.elapsed();
    // One that waits already goes on waiting for the rest of its time.
    const waits = this.#signing === this.#newest ? 0 : Math.max(this.#signsFrom - now, 0);
    this.#signsFrom = now + (isPublished ? waits : LEAD_MS);
    this.#newest = next;
    logger.info('the token keys have changed', { keys: next.publicKeys.map(({ id }) => id) });
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
