import { conflict, type PublicError } from '@ramet/errors';
import type { Deps, Quota } from '../deps.js';
import { type Clone, newClone, type Wanted } from '../domain/clone.js';
import { holdsOf } from '../domain/quota.js';

type Needs = Pick<Deps, 'quotas' | 'keys' | 'clones' | 'clock' | 'deadlines'>;

/** A clone as it would be accepted, and its owner's quotas then. */
export interface Rehearsed {
  readonly clone: Clone;
  readonly quotas: readonly Quota[];
}

/**
 * The clone as it would be accepted, without accepting it.
 *
 * Throws what creating it would throw for its name, its reference and its owner's quota, and
 * KEY_IN_USE if its key cannot be had now, which the clone would learn later.
 */
export async function rehearse(
  { quotas, keys, clones, clock, deadlines }: Needs,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Rehearsed> {
  await clones.requireFree(wanted);
  // The clock of the process will do: nothing is kept.
  const clone = newClone(wanted, clock.now(), deadlines);
  const after = await quotas.rehearse(wanted.owner.id, wanted.kind, holdsOf(clone));
  if (wanted.keyId !== '' && !(await keys.isAvailable(wanted, signal))) throw keyInUse(wanted);
  return { clone, quotas: after };
}

function keyInUse({ keyId }: Wanted): PublicError {
  const subject = { kind: 'key', id: keyId };
  return conflict('KEY_IN_USE', subject, `the key is in use, or not yours to use: ${keyId}`);
}
