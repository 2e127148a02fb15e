import { invalid } from '@ramet/errors';
import type { DiffCloneRequest, DiffCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { diffOf } from '../domain/diff.js';
import { toCloneMessage } from '../messages.js';
import { cloneAt } from './clone-at.js';

type Needs = Pick<Deps, 'access' | 'reads'>;

/** What changes with every change says nothing. */
const ALWAYS = ['seq', 'etag', 'updateTime'];

/** Tells what of a clone differs between two moments of its history. */
export function diffClone({ access, reads }: Needs): Unary<DiffCloneRequest, DiffCloneResponse> {
  return async ({ id, a, b }, { caller }) => {
    const clone = toCloneMessage(await reads.get(id, await access.sightOf(caller)));
    if (!a) throw invalid({ field: 'a', description: 'is required' });
    const before = await cloneAt(reads, id, a);
    const after = b ? await cloneAt(reads, id, b) : clone;
    return { diffs: diffOf(before, after, ALWAYS), seqA: before.seq, seqB: after.seq };
  };
}
