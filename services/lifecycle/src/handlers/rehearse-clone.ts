import { conflict, type PublicError } from '@ramet/errors';
import type { Deps } from '../deps.js';
import { type Clone, newClone, type Wanted } from '../domain/clone.js';

type Needs = Pick<Deps, 'quotas' | 'keys' | 'clones' | 'clock' | 'deadlines'>;

/**
 * The clone as it would be accepted, without accepting it.
 *
 * Throws what creating it would throw for its name and its owner's quota, and KEY_IN_USE if its
 * key cannot be had now, which the clone would learn later.
 */
export async function rehearse(
  { quotas, keys, clones, clock, deadlines }: Needs,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Clone> {
  await clones.requireFreeName(wanted);
  await quotas.requireRoom(wanted.owner.id, 'BOT');
  if (wanted.keyId !== '' && !(await keys.isAvailable(wanted, signal))) throw keyInUse(wanted);
  // The clock of the process will do: nothing is kept.
  return newClone(wanted, clock.now(), deadlines);
}

function keyInUse({ keyId }: Wanted): PublicError {
  const subject = { kind: 'key', id: keyId };
  return conflict('KEY_IN_USE', subject, `the key is in use, or not yours to use: ${keyId}`);
}
