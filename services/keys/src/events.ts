import { GrantChanged, KeyChanged } from '@ramet/proto-gen/keys.v1';
import type { Grant } from './domain/grant.js';
import type { Key } from './domain/key.js';
import { toKeyMessage } from './key-messages.js';
import { toGrantMessage } from './messages.js';

/** What happened, as history keeps it: `ramet.keys.key.<id>.<event>`. */
export interface Event {
  readonly kind: `key.${string}`;
  readonly payload: Buffer;
}

/** A key was created. */
export function keyCreated(key: Key): Event {
  return { kind: 'key.created', payload: keyChanged(key) };
}

/** A clone got the hold on a key. */
export function keyHeld(key: Key): Event {
  return { kind: 'key.held', payload: keyChanged(key) };
}

/** A clone's hold on a key has ended. */
export function keyReleased(key: Key): Event {
  return { kind: 'key.released', payload: keyChanged(key) };
}

/** A key has changed in another way. */
export function keyEvent(kind: Event['kind'], key: Key): Event {
  return { kind, payload: keyChanged(key) };
}

/** An execution got the right to sign with a key. */
export function grantMade(key: Key, grant: Grant): Event {
  return { kind: 'key.grant_made', payload: grantChanged(key, grant) };
}

/** An execution lost the right to sign with a key. */
export function grantRevoked(key: Key, grant: Grant): Event {
  return { kind: 'key.grant_revoked', payload: grantChanged(key, grant) };
}

function keyChanged(key: Key): Buffer {
  return Buffer.from(KeyChanged.encode({ key: toKeyMessage(key) }).finish());
}

function grantChanged(key: Key, grant: Grant): Buffer {
  const message = { grant: toGrantMessage(grant), key: toKeyMessage(key) };
  return Buffer.from(GrantChanged.encode(message).finish());
}
