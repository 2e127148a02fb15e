import { PublicError } from '@ramet/errors';
import { type Clock, type Ids, startAge } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import { isRunning, type Replica, type ReplicaState, type Seal } from '../domain/seal.js';
import { createEnvelope } from './envelope.js';
import type { Kek } from './kek.js';
import type { KekProvider } from './kek-provider.js';
import { openDigestKeys } from './key-sealer.js';
import { type CountWrap, createKeyring } from './keyring.js';
import type { Vault } from './vault.js';

/** What the keeper needs. */
export interface SealKeeperOptions {
  readonly vault: Vault;
  readonly provider: KekProvider;
  readonly seals: {
    say(said: Omit<Replica, 'seenAt'>): Promise<Seal>;
    leave(id: string): Promise<void>;
    enterFirstKek(kekId: string): Promise<string>;
  };
  readonly secrets: Parameters<typeof openDigestKeys>[1];
  readonly countWrap: CountWrap;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of the seal with each beat. */
  onBeat(seal: Seal): void;
}

const BEAT_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps this replica as the seal says: opens the vault, closes it, follows the KEK.
 *
 * Each beat tells the other replicas what this one does, and learns what is wanted: that row is what
 * seals, and whatever else tells of a change only makes the next beat come sooner.
 */
export class SealKeeper implements AsyncDisposable {
  readonly id: string;
  readonly #options: SealKeeperOptions;
  #seq = -1;
  #again = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #stopTimer: (() => void) | undefined;
  #askAgainAt = 0;
  #pauseMs = BEAT_MS;
  #told: ReplicaState | undefined;

  constructor(options: SealKeeperOptions) {
    this.#options = options;
    this.id = options.ids.make('rep');
  }

  /** Acts upon the seal as it is now, or a little later. Resolves when that is done and told. */
  async beat(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Like `beat`, and asks for the KEK even if that has failed a moment ago. */
  async beatAnew(): Promise<void> {
    this.#askSoon();
    await this.beat();
  }

  /** Reads the KEKs again. Returns the ids, the newest first. Throws SEALED while it is sealed. */
  async reload(): Promise<readonly string[]> {
    const { vault } = this.#options;
    const { kekId } = vault.opened();
    await this.#reload(kekId);
    return vault.kekIds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#stopTimer?.();
    await this.#running;
    const { vault, seals } = this.#options;
    vault.close('starting');
    await seals.leave(this.id).catch(() => undefined);
  }

  async #run(): Promise<void> {
    this.#stopTimer?.();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#once();
      } catch (thrown) {
        this.#options.logger.warn('the seal was not looked at', { error: thrown });
      }
    }
    if (this.#stopped) return;
    this.#stopTimer = this.#options.clock.after(BEAT_MS, () => void this.beat());
  }

  async #once(): Promise<void> {
    const { vault, seals, clock, onBeat } = this.#options;
    const sinceAsked = startAge(clock);
    const { id } = this;
    const { state, kekIds, kekId } = vault;
    const seal = await seals.say({ id, state, kekIds, kekId, sealSeq: this.#seq });
    if (seal.seq !== this.#seq) this.#askSoon();
    if (!seal.sealed) vault.seen(sinceAsked);
    await this.#follow(seal);
    const isTold = vault.state === state && vault.kekId === kekId && seal.seq === this.#seq;
    this.#seq = seal.seq;
    if (!isTold || kekIds.join() !== vault.kekIds.join()) this.#again = true;
    onBeat(seal);
  }

  async #follow(seal: Seal): Promise<void> {
    const { vault } = this.#options;
    if (seal.sealed) this.#close('sealed', {});
    else if (vault.state === 'open') await this.#keepUp(seal);
    else await this.#tryOpen(seal);
  }

  async #tryOpen(seal: Seal): Promise<void> {
    const { vault, provider, logger } = this.#options;
    if (!this.#mayAsk()) return;
    const keks = await this.#read();
    if (!keks) return;
    const kekId = seal.kekId || (await this.#options.seals.enterFirstKek(keks[0]?.id ?? ''));
    const opened = await this.#opened(keks, kekId);
    if (!opened) {
      const given = keks.map(({ id }) => id);
      this.#close('kek_wrong', { provider: provider.name, wanted: kekId, given });
      return;
    }
    vault.open(opened);
    this.#told = 'open';
    logger.info('secrets can be opened', { provider: provider.name, kekId });
  }

  /** Undefined if the KEKs are not those that the secrets are sealed under. */
  async #opened(keks: readonly Kek[], kekId: string) {
    if (!keks.some(({ id }) => id === kekId)) return undefined;
    const { secrets, ids, countWrap } = this.#options;
    const keyring = createKeyring(keks, kekId, countWrap);
    try {
      const digests = await openDigestKeys(createEnvelope(keyring, ids), secrets, ids);
      return { keks, kekId, keyring, digests };
    } catch (thrown) {
      if (thrown instanceof PublicError && thrown.reason !== 'SEALED') throw thrown;
      this.#options.logger.warn('the secrets do not open with this KEK', { error: thrown });
      return undefined;
    }
  }

  async #keepUp({ kekId, rotation }: Seal): Promise<void> {
    const { vault, provider } = this.#options;
    const isLacking = (id: string): boolean => !vault.kekIds.includes(id);
    const lacksNext = isRunning(rotation) && isLacking(rotation.kekId);
    if (provider.hasChanged() || ((lacksNext || isLacking(kekId)) && this.#mayAsk())) {
      await this.#reload(kekId);
    }
    if (isLacking(kekId)) {
      const given = vault.kekIds;
      this.#close('kek_wrong', { provider: provider.name, wanted: kekId, given });
    } else if (vault.kekId !== kekId) this.#use(vault.opened().keks, kekId);
  }

  /** Takes the KEKs as they are given now, unless the one in use is not among them. */
  async #reload(kekId: string): Promise<void> {
    const { provider, logger } = this.#options;
    const keks = await this.#read();
    if (!keks) return;
    if (keks.some(({ id }) => id === kekId)) return this.#use(keks, kekId);
    const given = keks.map(({ id }) => id);
    logger.error('the KEK in use is not given any more: what was given before is kept', {
      ...{ provider: provider.name, wanted: kekId, given },
    });
  }

  #use(keks: readonly Kek[], kekId: string): void {
    const { vault, countWrap, logger } = this.#options;
    const { digests } = vault.opened();
    vault.open({ keks, kekId, keyring: createKeyring(keks, kekId, countWrap), digests });
    logger.info('the KEKs have changed', { kekId, given: vault.kekIds });
  }

  /** The KEKs, or undefined if there are none to be had. */
  async #read(): Promise<readonly Kek[] | undefined> {
    const { provider, vault, logger } = this.#options;
    try {
      return await provider.read();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      if (vault.state === 'open') {
        logger.error('no KEK was given: what was given before is kept', {
          ...{ provider: provider.name, error },
        });
      } else this.#close('kek_missing', { provider: provider.name, error });
      return undefined;
    }
  }

  #askSoon(): void {
    this.#askAgainAt = 0;
    this.#pauseMs = BEAT_MS;
  }

  /** Whether it is time to ask for the KEK: longer pauses each time, as a program may be costly. */
  #mayAsk(): boolean {
    const { clock, provider } = this.#options;
    if (clock.elapsed() < this.#askAgainAt && !provider.hasChanged()) return false;
    this.#askAgainAt = clock.elapsed() + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    return true;
  }

  #close(state: Exclude<ReplicaState, 'open'>, why: Readonly<Record<string, unknown>>): void {
    const { vault, logger } = this.#options;
    vault.close(state);
    if (this.#told !== state) logger.error('secrets cannot be opened', { state, ...why });
    this.#told = state;
  }
}
