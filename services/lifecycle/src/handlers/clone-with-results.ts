import { notFound } from '@ramet/errors';
import type { Caller } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Clone } from '../domain/clone.js';

type Needs = Pick<Deps, 'access' | 'reads'>;

/**
 * A clone whose results the caller may see.
 *
 * Of a clone with private results only its creator may, and no administrator. Throws
 * CLONE_NOT_FOUND.
 */
export async function cloneWithResults(
  { access, reads }: Needs,
  cloneId: string,
  caller: Caller,
): Promise<Clone> {
  const clone = await reads.get(cloneId, await access.sightOf(caller));
  if (clone.privateResults && clone.creatorId !== caller.id) throw notFound('clone', cloneId);
  return clone;
}
