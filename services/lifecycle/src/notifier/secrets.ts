import type { Ids } from '@ramet/service';
import type { Sealer } from '../sealing/sealer.js';
import { secretText } from './signature.js';

/** A secret as its owner sees it once, and as it is stored. */
export interface NewSecret {
  readonly text: string;
  readonly sealed: Buffer;
}

interface Ports {
  readonly sealer: Sealer;
  readonly ids: Pick<Ids, 'bytes'>;
}

const BYTES = 32;

/** Makes a secret for a webhook. */
export function newSecret({ sealer, ids }: Ports, webhookId: string): NewSecret {
  const key = ids.bytes(BYTES);
  const made = { text: secretText(key), sealed: sealer.seal(key, contextOf(webhookId)) };
  key.fill(0);
  return made;
}

/** The text of a secret that was stored for a webhook. */
export function openSecret(sealer: Sealer, webhookId: string, sealed: Buffer): string {
  const key = sealer.open(sealed, contextOf(webhookId));
  const text = secretText(key);
  key.fill(0);
  return text;
}

/** Both the newest and older secrets: one becomes the other as it is. */
function contextOf(webhookId: string): string {
  return `webhook secret ${webhookId}`;
}
