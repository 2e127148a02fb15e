import { type Key, KeyState } from '@ramet/proto-gen/keys.v1';

/** Why a key is not offered to clones, in words. Undefined if nothing of it says so. */
export function whyNotFree(
  { hold, state, validFrom, validUntil, defaultKey, id }: Key,
  now: Date,
): string | undefined {
  if (hold) return `clone ${hold.cloneId} holds it, until that is deleted`;
  if (state === KeyState.DISABLED) return 'it is disabled';
  if (validFrom && validFrom > now) return `it is valid from ${validFrom.toISOString()}`;
  if (validUntil && validUntil <= now) return `it was valid until ${validUntil.toISOString()}`;
  if (defaultKey) return `it is a default key, which has to be given by its id (${id})`;
  return undefined;
}
