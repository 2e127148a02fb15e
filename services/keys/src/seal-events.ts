import { SealChanged } from '@ramet/proto-gen/keys.v1';
import type { Seal } from './domain/seal.js';
import { toSealMessage } from './seal-messages.js';

/** What happened to the seal, as history keeps it: `ramet.keys.seal.keys.<event>`. */
export interface SealEvent {
  readonly kind: `seal.${string}`;
  readonly payload: Buffer;
}

/** The service was sealed or unsealed. */
export function sealSet(seal: Seal): SealEvent {
  return eventOf(seal.sealed ? 'seal.sealed' : 'seal.unsealed', seal);
}

/** A rotation was started. */
export function rotationStarted(seal: Seal): SealEvent {
  return eventOf('seal.rotation_started', seal);
}

/** Secrets are sealed under another KEK from now on. */
export function sealKekChosen(seal: Seal): SealEvent {
  return eventOf('seal.kek_chosen', seal);
}

/** A rotation has come to its end. */
export function rotationFinished(seal: Seal): SealEvent {
  return eventOf('seal.rotation_finished', seal);
}

function eventOf(kind: SealEvent['kind'], seal: Seal): SealEvent {
  const message = { seal: toSealMessage(seal) };
  return { kind, payload: Buffer.from(SealChanged.encode(message).finish()) };
}
