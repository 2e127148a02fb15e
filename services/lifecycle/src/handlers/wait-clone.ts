import { conflict } from '@ramet/errors';
import {
  type Clone as CloneMessage,
  ClonePhase,
  type WaitCloneRequest,
  type WaitCloneResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { toCloneMessage } from '../messages.js';

type Needs = Pick<Deps, 'access' | 'reads' | 'history' | 'changes'>;

const AT_REST: readonly ClonePhase[] = [
  ClonePhase.COMPLETED,
  ClonePhase.STOPPED,
  ClonePhase.FAILED,
  ClonePhase.SUSPENDED,
  ClonePhase.ARCHIVED,
];

/** Answers when a clone is where its caller waits for it to be. */
export function waitClone(needs: Needs): Unary<WaitCloneRequest, WaitCloneResponse> {
  const { access, reads, history, changes } = needs;
  return async ({ id, phases }, { caller, signal }) => {
    // The position first: what happens between the two reads is seen twice, never missed.
    const { newest } = await reads.span();
    const clone = toCloneMessage(await reads.get(id, await access.sightOf(caller)));
    if (isThere(clone, phases)) return { clone };

    const filter = ({ aggregate }: { readonly aggregate: string }): boolean => aggregate === id;
    for await (const row of history.follow({ after: newest, signal, filter })) {
      const { clone: latest } = changes(row);
      if (row.seq > clone.seq && isThere(latest, phases)) return { clone: latest };
    }
    signal.throwIfAborted();
    throw new Error('the history has ended');
  };
}

/**
 * Tells whether a clone is in one of the phases; without any, whether it rests and nothing that was
 * asked of it is on its way. Throws PHASE_NOT_REACHED if it will never be there.
 */
function isThere(clone: CloneMessage, awaited: readonly ClonePhase[]): boolean {
  const { id, phase, actionId } = clone;
  if (awaited.includes(phase)) return true;
  if (awaited.length === 0 && AT_REST.includes(phase) && actionId === '') return true;
  if (phase !== ClonePhase.DELETED) return false;
  throw conflict('PHASE_NOT_REACHED', { kind: 'clone', id }, `the clone was deleted: ${id}`);
}
