import type { Queries } from '@ramet/database';
import type { Clock, Failpoints } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import {
  allHave,
  isRunning,
  kekChosen,
  noneSealsOtherwise,
  type Rotation,
  rotated,
  type Seal,
} from '../domain/seal.js';
import { rotationFinished, sealKekChosen } from '../seal-events.js';
import type { Cursor, Keks, Rewrapped, StaleSecret } from '../store/keks.js';
import type { Seals } from '../store/seals.js';
import type { Envelope } from './envelope.js';
import { identityOf } from './key-sealer.js';
import type { Vault } from './vault.js';

/** What the rotator needs. */
export interface RotatorOptions {
  readonly seals: Pick<Seals, 'change' | 'listReplicas'>;
  readonly keks: Pick<
    Keks,
    'listStaleKeys' | 'listStaleOwn' | 'save' | 'countStale' | 'lockAllBut' | 'retireAllBut'
  >;
  readonly vault: Pick<Vault, 'kekId' | 'state'>;
  readonly envelope: Envelope;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  /** Told when the seal was changed. */
  onChange(): void;
}

const ACTOR = 'service:keys';
const BATCH = 100;
/** After a pass that could not take all secrets along. */
const PAUSE_MS = 30_000;
const START: Cursor = { id: '', version: 0 };

/**
 * Takes a rotation further: first every replica gets the KEK, then all seal under it, then every
 * secret that is under another one is put under it, and then the others are retired.
 *
 * Every replica does it, in batches, each step safe to repeat: whoever is killed leaves what it has
 * done, and the others or its successor find what is left.
 */
export class Rotator implements AsyncDisposable {
  readonly #options: RotatorOptions;
  #running: Promise<void> | undefined;
  #stopped = false;
  #pauseUntil = 0;

  constructor(options: RotatorOptions) {
    this.#options = options;
  }

  /** Goes on with the rotation, unless it does already or there is none. Returns at once. */
  kick({ kekId, rotation }: Seal): void {
    const { vault, clock, logger } = this.#options;
    const mayRun = isRunning(rotation) && vault.state === 'open' && !this.#stopped;
    if (!mayRun || this.#running || clock.elapsed() < this.#pauseUntil) return;
    this.#running = this.#step(rotation, kekId)
      .catch((thrown: unknown) => logger.warn('a rotation has not gone on', { error: thrown }))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #step(rotation: Rotation, kekId: string): Promise<void> {
    const { seals, vault } = this.#options;
    if (kekId !== rotation.kekId) {
      if (allHave(await seals.listReplicas(), rotation.kekId)) await this.#choose(rotation);
    } else if (vault.kekId === kekId) {
      const failed = await this.#rewrapAll(rotation);
      if (failed > 0) this.#pauseUntil = this.#options.clock.elapsed() + PAUSE_MS;
      if (failed > 0 || this.#stopped) return;
      if (noneSealsOtherwise(await seals.listReplicas(), kekId)) await this.#finish(rotation);
    }
  }

  async #choose({ kekId }: Rotation): Promise<void> {
    const { seals, onChange } = this.#options;
    await seals.change(ACTOR, async (seal) => {
      if (seal.rotation?.kekId !== kekId) return undefined;
      const next = kekChosen(seal);
      return next === seal ? undefined : { seal: next, event: sealKekChosen(next) };
    });
    onChange();
  }

  /** Ends the rotation, if nothing is left to do once nobody can seal under another KEK. */
  async #finish(rotation: Rotation): Promise<void> {
    const { seals, keks, logger, onChange } = this.#options;
    const { kekId } = rotation;
    const seal = await seals.change(ACTOR, async (before, now, tx: Queries) => {
      if (!isSame(before.rotation, rotation)) return undefined;
      await keks.lockAllBut(tx, kekId);
      if ((await keks.countStale(rotation, tx)) > 0n) return undefined;
      await keks.retireAllBut(tx, kekId, now);
      const next = rotated(before, now);
      return { seal: next, event: rotationFinished(next) };
    });
    if (seal.rotation?.finishedAt) logger.info('all secrets are under one KEK', { kekId });
    onChange();
  }

  /** Goes through all secrets once. Returns how many could not be taken along. */
  async #rewrapAll(rotation: Rotation): Promise<number> {
    const { keks } = this.#options;
    let failed = await this.#rewrap(await keks.listStaleOwn(rotation));
    let after = START;
    while (!this.#stopped) {
      const batch = await keks.listStaleKeys(rotation, after, BATCH);
      failed += await this.#rewrap(batch);
      const last = batch.at(-1)?.place;
      if (last?.of !== 'key') break;
      after = last;
    }
    return failed;
  }

  async #rewrap(batch: readonly StaleSecret[]): Promise<number> {
    if (batch.length === 0) return 0;
    const rewrapped: Rewrapped[] = [];
    for (const before of batch) {
      try {
        rewrapped.push({ before, after: await this.#next(before) });
      } catch (thrown) {
        const { place } = before;
        this.#options.logger.error('a secret could not be rewrapped', { place, error: thrown });
      }
    }
    await this.#options.keks.save(rewrapped);
    this.#options.failpoints.hit('keys.rotate.batch_committed');
    return batch.length - rewrapped.length;
  }

  #next(before: StaleSecret) {
    const { envelope } = this.#options;
    const { place } = before;
    const identity = place.of === 'key' ? identityOf.key(place) : identityOf.service(place);
    return before.needsDataKey
      ? envelope.reseal(before, identity)
      : envelope.rewrap(before, identity);
  }
}

function isSame(one: Rotation | undefined, other: Rotation): boolean {
  return isRunning(one) && one.startedAt.getTime() === other.startedAt.getTime();
}
