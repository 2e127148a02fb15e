import { conflict, invalid, PublicError } from '@ramet/errors';
import type {
  CloneResult,
  CloneSelection,
  DeleteClonesRequest,
  DeleteClonesResponse,
  StopClonesRequest,
  StopClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Call, statusCodeOf, type Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { askToDelete, askToStop } from '../domain/requests.js';
import { narrowed } from '../domain/sight.js';
import { toCloneMessage } from '../messages.js';
import { type ActNeeds, act } from './act.js';
import { requiredOwner } from './owner.js';

type Needs = ActNeeds & Pick<Deps, 'reads' | 'logger'>;

/** How many are changed at a time: their writes go into few batches all the same. */
const AT_ONCE = 32;

/** Stops many clones, each as StopClone does. */
export function stopClones(needs: Needs): Unary<StopClonesRequest, StopClonesResponse> {
  const doing = { name: 'clones.stop', kind: 'clone.stop_requested' };
  return async (message, call) => ({
    results: await changeAll(needs, call, { ...message, doing, decide: askToStop }),
  });
}

/** Deletes many clones, each as DeleteClone does. */
export function deleteClones(needs: Needs): Unary<DeleteClonesRequest, DeleteClonesResponse> {
  const doing = { name: 'clones.delete', kind: 'clone.delete_requested' };
  return async (message, call) => ({
    results: await changeAll(needs, call, { ...message, doing, decide: askToDelete }),
  });
}

interface Batch {
  readonly ids: readonly string[];
  readonly selection: CloneSelection | undefined;
  readonly doing: { readonly name: string; readonly kind: string };
  readonly decide: (clone: Clone, now: Date) => Clone;
}

async function changeAll(needs: Needs, call: Call, batch: Batch): Promise<readonly CloneResult[]> {
  const ids = await selected(needs, call, batch);
  const results: CloneResult[] = [];
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const some = ids.slice(start, start + AT_ONCE);
    results.push(
      ...(await Promise.all(some.map((id) => changeOne(needs, call, { ...batch, id })))),
    );
  }
  return results;
}

/** What goes wrong with one is told with it, and is nothing to the others. */
async function changeOne(
  needs: Needs,
  call: Call,
  { id, doing, decide }: Batch & { readonly id: string },
): Promise<CloneResult> {
  try {
    const clone = await act(needs, call, { id, ...doing }, decide);
    return { id, clone: toCloneMessage(clone), error: undefined };
  } catch (thrown) {
    if (thrown instanceof PublicError) {
      const { reason, message } = thrown;
      return { id, clone: undefined, error: { code: statusCodeOf(thrown), reason, message } };
    }
    needs.logger.error('one clone of many could not be changed', { id, error: String(thrown) });
    const error = { code: INTERNAL, reason: 'INTERNAL', message: 'internal error' };
    return { id, clone: undefined, error };
  }
}

const INTERNAL = 13;

/** The clones that a request names: by their ids, or by a filter and how many there are to be. */
async function selected(
  { access, reads }: Needs,
  { caller }: Call,
  { ids, selection }: Batch,
): Promise<readonly string[]> {
  if (ids.length > 0 && selection) {
    throw invalid({ field: 'selection', description: 'must be absent where there are ids' });
  }
  if (!selection) {
    if (ids.length > 0) return ids;
    throw invalid({ field: 'ids', description: 'or selection is required' });
  }

  const { filter, expectedCount } = selection;
  const owner = requiredOwner(selection.owner);
  const sight = narrowed(await access.sightOf(caller), owner.id);
  const page = { size: expectedCount + 1, token: '', binding: [caller.id] };
  const { items, nextToken } = await reads.list({
    sight,
    view: 'active',
    filter,
    orderBy: '',
    page,
  });
  if (items.length === expectedCount && nextToken === '') return items.map(({ id }) => id);
  const found = nextToken === '' ? String(items.length) : `more than ${items.length}`;
  const subject = { kind: 'owner', id: owner.id };
  throw conflict(
    'COUNT_MISMATCH',
    subject,
    `the filter selects ${found} clones, not ${expectedCount}`,
  );
}
