import { violates } from '@ramet/database';
import { PublicError } from '@ramet/errors';

/** What a write of a key throws, in words for the caller where a constraint has spoken. */
export function refusalOf(thrown: unknown, name: string): unknown {
  if (violates(thrown, 'key_name')) return nameTaken(name);
  if (violates(thrown, 'key_fingerprint')) return keyDuplicate();
  return violates(thrown, 'key_default') ? defaultTaken() : thrown;
}

/** The error for a name that a key of the same owner has. */
export function nameTaken(name: string): PublicError {
  return new PublicError('already_exists', 'NAME_TAKEN', `the owner has a key named ${name}`, {
    metadata: { name },
  });
}

/** The error for a secret that is a key of the same owner already. Does not tell which. */
export function keyDuplicate(): PublicError {
  return new PublicError('already_exists', 'KEY_DUPLICATE', 'the owner has a key of this secret');
}

/** The error for a key that became the default one while another did. */
function defaultTaken(): PublicError {
  const message = 'another key has become the default one of the venue: look again';
  return new PublicError('aborted', 'ETAG_STALE', message);
}
