import type { Database } from '@ramet/database';
import type { Clock, Failpoints, Ids, Scope } from '@ramet/service';
import type { Logger } from '@ramet/telemetry';
import { Keks } from '../store/keks.js';
import { Seals } from '../store/seals.js';
import type { Secrets } from '../store/secrets.js';
import { createEnvelope, type Envelope } from './envelope.js';
import type { KekProvider } from './kek-provider.js';
import { Rotator } from './rotator.js';
import { SealKeeper } from './seal-keeper.js';
import { Vault } from './vault.js';
import { createWrapCounter } from './wrap-counter.js';

/** What sealing is made of. */
export interface SealingOptions {
  readonly db: Database;
  readonly secrets: Secrets;
  readonly provider: KekProvider;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  readonly scope: Scope;
}

/** What seals and opens secrets, and what decides whether it may. */
export interface Sealing {
  readonly vault: Vault;
  readonly envelope: Envelope;
  readonly seals: Seals;
  readonly keks: Keks;
  readonly sealKeeper: SealKeeper;
}

/** Makes what seals secrets. Nothing opens before the first beat, which is the caller's to ask for. */
export function createSealing(options: SealingOptions): Sealing {
  const { db, secrets, provider, scope, ...world } = options;
  const seals = new Seals(db);
  const keks = new Keks(db);
  const vault = new Vault();
  const envelope = createEnvelope(vault, world.ids);
  const rotator = scope.use(
    new Rotator({
      ...{ ...world, seals, keks, vault, envelope },
      onChange: () => void sealKeeper.beat(),
    }),
  );
  const sealKeeper = scope.use(
    new SealKeeper({
      ...{ ...world, vault, provider, seals, secrets },
      countWrap: createWrapCounter((kekId, count) => keks.reserveWraps(kekId, count)),
      onBeat: (seal) => rotator.kick(seal),
    }),
  );
  return { vault, envelope, seals, keks, sealKeeper };
}
